"use strict";
// The part of solc's command line that build tools use, over the compiler of the npm package `solc`:
//   solc --version
//   solc --standard-json [FILE] [--base-path DIR] [--include-path DIR]... [--allow-paths DIR,DIR...]
//   solc --standard-json-lines [--base-path DIR]...   one request a line, one answer a line: the compiler stays loaded
// Imports that the standard JSON does not carry are read from disk under the same rules as the native
// compiler's: relative to the base path or one include path, and only inside an allowed folder.

const fs = require("fs");
const path = require("path");
const readline = require("readline");

const USAGE =
  "usage: solc --version | solc --standard-json [FILE] | solc --standard-json-lines\n" +
  "  [--base-path DIR] [--include-path DIR]... [--allow-paths DIR,...]";

class UsageError extends Error {}

function parseArguments(argv) {
  const options = {
    version: false,
    standardJson: false,
    lines: false,
    file: null,
    basePath: "",
    includePaths: [],
    allowPaths: [],
  };
  const rest = argv.flatMap((word) => {
    const inline = /^(--[a-z-]+)=(.*)$/.exec(word);
    return inline ? [inline[1], inline[2]] : [word];
  });
  const next = (flag) => {
    if (rest.length === 0) throw new UsageError(`${flag} needs a folder`);
    return rest.shift();
  };
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === "--version") options.version = true;
    else if (word === "--standard-json") options.standardJson = true;
    else if (word === "--standard-json-lines") options.lines = true;
    else if (word === "--base-path") options.basePath = next(word);
    else if (word === "--include-path") options.includePaths.push(next(word));
    else if (word === "--allow-paths") options.allowPaths.push(...next(word).split(",").filter(Boolean));
    else if (!word.startsWith("-") && options.file === null) options.file = word;
    else throw new UsageError(`unknown argument ${word}`);
  }
  if (!options.version && !options.standardJson && !options.lines) throw new UsageError("nothing to do");
  return options;
}

function isInside(folder, file) {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

function importReader(options) {
  const roots = [path.resolve(options.basePath), ...options.includePaths.map((folder) => path.resolve(folder))];
  const allowed = [...roots, ...options.allowPaths.map((folder) => path.resolve(folder))]
    .filter((folder) => fs.existsSync(folder))
    .map((folder) => fs.realpathSync(folder));

  return (name) => {
    const unit = name.replace(/^file:\/\//, "");
    const candidates = [...new Set(roots.map((root) => path.resolve(root, unit)))].filter((file) => fs.existsSync(file));
    if (candidates.length === 0) return { error: `File not found. Searched the following locations: ${roots.join(", ")}.` };
    if (candidates.length > 1) return { error: `Ambiguous import. Multiple matching files found: ${candidates.join(", ")}.` };
    const file = fs.realpathSync(candidates[0]);
    if (!allowed.some((folder) => isInside(folder, file))) return { error: `File outside of allowed directories: ${file}.` };
    return { contents: fs.readFileSync(file, "utf8") };
  };
}

function main(argv) {
  const options = parseArguments(argv);
  const solc = require("solc");
  if (options.version) {
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
    return;
  }
  const compile = (input) => process.stdout.write(solc.compile(input, { import: importReader(options) }) + "\n");
  if (options.lines) {
    readline.createInterface({ input: process.stdin }).on("line", compile);
    return;
  }
  const input = fs.readFileSync(options.file === null || options.file === "-" ? 0 : options.file, "utf8");
  compile(input);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(error instanceof UsageError ? `solc: ${error.message}\n${USAGE}\n` : `solc: ${error.stack}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
