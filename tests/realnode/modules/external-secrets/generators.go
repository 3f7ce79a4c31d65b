// Package register names the generators that the node's build of the operator has. It takes the place of the operator's
// own file.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/generator/password"
)
