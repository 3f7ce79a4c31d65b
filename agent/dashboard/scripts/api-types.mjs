// Writes src/api/schema.d.ts: the API's answers as TypeScript, from the server's own description.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const at = (path) => new URL(path, import.meta.url);
const { schemas } = JSON.parse(readFileSync(at("../../server/openapi.json"), "utf8")).components;

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.allOf) return schema.allOf.map(type).join(" & ");
  if (schema.anyOf) return schema.anyOf.map(type).join(" | ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one })).join(" | ");
  switch (schema.type) {
    case "object":
      return object(schema);
    case "array":
      return `Array<${type(schema.items)}>`;
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    default:
      throw new Error(`openapi.json: ${JSON.stringify(schema)} is not understood`);
  }
}

function object({ properties, required = [], additionalProperties: more }) {
  if (!properties) return `Record<string, ${more && more !== true ? type(more) : "unknown"}>`;
  const field = ([name, schema]) => `${name}${required.includes(name) ? "" : "?"}: ${type(schema)};`;
  return `{ ${Object.entries(properties).map(field).join(" ")} }`;
}

const types = Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${type(schema)};`);
mkdirSync(at("../src/api/"), { recursive: true });
writeFileSync(
  at("../src/api/schema.d.ts"),
  `// Generated from agent/server/openapi.json by npm run types.\n${types.join("\n")}\n`,
);
