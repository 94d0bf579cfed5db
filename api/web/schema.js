// Shows /schema/openapi.json: every operation by its tag, with parameters, request and response fields.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** An element with attributes and children; text is always text, never markup. */
function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

/** The schema that a reference means, or the schema itself. */
function resolve(schema, all) {
  return schema && schema.$ref ? all[schema.$ref.split("/").pop()] : schema;
}

/** A schema's type in a few words. */
function typeName(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const options = schema.oneOf || schema.anyOf || schema.allOf;
  if (options) return options.map(typeName).join(" or ");
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${typeName(schema.items)}`;
  return [].concat(schema.type || "any").join(" or ") + (schema.format ? ` (${schema.format})` : "");
}

/** A table of the fields of a schema, with those of the schemas inside it below; `sent` is what a client must send. */
function fieldTable(schema, all, sent, seen) {
  const known = resolve(schema, all);
  if (!known || !known.properties) return element("p", {}, element("code", {}, typeName(schema)));
  const needed = new Set((sent && known.required) || []);
  const rows = Object.entries(known.properties).map(([name, field]) =>
    row(name, typeName(field), needed.has(name), field.description));
  const below = Object.entries(known.properties)
    .flatMap(([name, field]) => [field, field.items, ...(field.oneOf || field.anyOf || [])].map((each) => [name, each]))
    .filter(([name, inner]) => inner && (inner.properties || (inner.$ref && !seen.has(inner.$ref))))
    .map(([name, inner]) => {
      seen.add(inner.$ref);
      return element("div", {}, element("h4", {}, inner.$ref ? typeName(inner) : name), fieldTable(inner, all, sent, seen));
    });
  return element("div", {}, element("table", {}, ...rows), ...below);
}

/** A line of a table: a name, its type and whether it is needed, and what it means. */
function row(name, type, needed, meaning) {
  return element("tr", {}, element("td", {}, element("code", {}, name)),
    element("td", {}, needed ? `${type}, needed` : type), element("td", {}, meaning || ""));
}

/** The schema of a request's or an answer's JSON body. */
function bodyOf(part) {
  const content = Object.values((part && part.content) || {})[0];
  return content && content.schema;
}

/** One operation, folded. */
function operationBlock(path, method, operation, all) {
  const open = Array.isArray(operation.security) && operation.security.length === 0;
  const block = element("details", { id: operation.operationId }, element("summary", {}, element("span", { className: "method" }, method.toUpperCase()),
    element("code", {}, path), ` ${operation.summary || ""}`, element("span", { className: "public" }, open ? " (no key needed)" : "")));
  if (operation.description) block.append(element("p", {}, operation.description));
  const parameters = operation.parameters || [];
  if (parameters.length) {
    block.append(element("h3", {}, "Parameters"), element("table", {}, ...parameters.map((each) =>
      row(each.name, `${typeName(each.schema)}, in the ${each.in}`, each.required, each.description))));
  }
  const request = bodyOf(operation.requestBody);
  if (request) block.append(element("h3", {}, "Body"), fieldTable(request, all, true, new Set([request.$ref])));
  for (const [status, answer] of Object.entries(operation.responses || {})) {
    const schema = bodyOf(answer);
    block.append(element("h3", {}, `${status === "default" ? "Any other status" : status}: ${answer.description}`));
    if (schema) block.append(fieldTable(schema, all, false, new Set([schema.$ref])));
  }
  return block;
}

/** The whole document, by tags. */
function show(description) {
  const all = (description.components && description.components.schemas) || {};
  const byTag = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push(operationBlock(path, method, item[method], all));
    }
  }
  document.getElementById("about").replaceChildren(`${description.info.description} Version ${description.info.version}; `,
    element("a", { href: "/schema/openapi.json" }, "openapi.json"), " for programs.");
  for (const tag of [...byTag.keys()].sort()) {
    document.getElementById("operations").append(element("h2", {}, tag), ...byTag.get(tag));
  }
  openNamed();
}

/** Opens the operation that the address names, as in /schema#creditsRetire. */
function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (named && named.tagName === "DETAILS") {
    named.open = true;
    named.scrollIntoView();
  }
}

window.addEventListener("hashchange", openNamed);

fetch("/schema/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => { document.getElementById("about").textContent = `The description cannot be shown: ${error}`; });
