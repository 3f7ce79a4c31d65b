// Package register names the providers that the node's build of the operator has: the others need modules that are
// not to be had, or not needed here. It takes the place of the operator's own file.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/provider/aws"
	_ "github.com/external-secrets/external-secrets/pkg/provider/fake"
)
