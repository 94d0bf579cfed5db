"use strict";
// Every rule that Solhint recommends, and some that it only offers; what is off says why.

module.exports = {
  extends: "solhint:recommended",
  rules: {
    "code-complexity": ["warn", 8],
    "named-parameters-mapping": "warn",
    "no-unused-private-funcs": "warn",
    "payable-fallback": "warn",
    "func-visibility": ["warn", { ignoreConstructors: true }],
    "immutable-vars-naming": ["warn", { immutablesAsConstants: false }], // a getter is named as other getters are
    "use-natspec": [
      "warn",
      {
        author: { enabled: false }, // LICENSE names whose it is
        // A field that its name and the notice explain needs no line of its own; the compiler refuses names that are not there.
        param: { enabled: false },
      },
    ],
    "gas-indexed-events": "off", // an amount is no topic: nobody looks for the events of one amount
    "gas-small-strings": "off", // signed types, names and texts are as long as they are
    "gas-strict-inequalities": "off", // a bound says what is meant; the three gas are not worth a "- 1"
    "gas-struct-packing": "off", // arguments are in the order in which people sign them; what is stored, we packed
    "import-path-check": "off", // knows no remappings; the compiler finds imports
    "no-inline-assembly": "off", // Slither names each of the three blocks, docs/static-analysis.md says why it is there
    quotes: "off", // forge fmt sees to quotes, and leaves single ones around JSON
  },
};
