//! A definition that uses what definitions can, and objects of it and of real ones.

use serde_json::Value;
use tidegate_object::Object;

/// A definition with every keyword that shapes or bounds a value.
pub(crate) const DEFINITION: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shards.schema.example}
spec:
  group: schema.example
  scope: Namespaced
  names: {kind: Shard, plural: shards}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          metadata: {type: object}
          spec:
            type: object
            required: [size, mode, owner]
            properties:
              size: {type: integer, minimum: 1, maximum: 9}
              share: {type: number, minimum: 0, exclusiveMinimum: true, maximum: 1}
              mode: {type: string, enum: [fast, safe]}
              owner: {type: string, default: nobody}
              name: {type: string, pattern: '^[a-z]+$', minLength: 2, maxLength: 8}
              active: {type: boolean}
              note: {type: string, nullable: true}
              port: {x-kubernetes-int-or-string: true}
              empty: {type: object}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: integer}}}
              any: {x-kubernetes-preserve-unknown-fields: true}
              pod: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object, properties: {image: {type: string}}}}}
              labels: {type: object, additionalProperties: {type: string}, maxProperties: 2}
              quantities: {type: object, additionalProperties: {x-kubernetes-int-or-string: true}}
              texts: {type: array, minItems: 1, maxItems: 3, items: {type: string}}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, weight: {type: integer}, deep: {type: array, items: {type: array, items: {type: boolean}}}}
          status: {type: object, properties: {phase: {type: string}}}
";

pub(crate) const SHARD: &str = "
apiVersion: schema.example/v1
kind: Shard
metadata: {name: one, namespace: NS, labels: {a: b}, annotations: {c: d}}
spec:
  size: 3
  share: 0.5
  mode: fast
  owner: me
  name: abc
  active: true
  note: text
  port: http
  empty: {}
  free: {known: 1, other: {deep: [1, two]}}
  any: {x: 1}
  pod: {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b}}, spec: {image: i}}
  labels: {a: b}
  quantities: {cpu: 1, memory: 1Gi}
  texts: [a, b]
  parts: [{name: a, weight: 1, deep: [[true], [false]]}, {name: b}]
";

pub(crate) fn value(yaml: &str) -> Value {
    serde_yaml::from_str(yaml).unwrap()
}

pub(crate) fn object(yaml: &str) -> Object {
    Object::new(value(yaml)).unwrap()
}
