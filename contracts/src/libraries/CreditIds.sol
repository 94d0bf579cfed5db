// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title CreditIds
/// @notice Credit ids as numbers: the year in the high bits, a counter in the low 40, so that a hundred consecutive
/// ids share a slot of a bitmap.
library CreditIds {
    uint256 private constant COUNTER_BITS = 40;
    uint256 private constant COUNTER_MASK = 2 ** COUNTER_BITS - 1;

    /// @dev Six digits at least, of eight bits each.
    uint256 private constant COUNTER_LEAST_BITS = 48;
    uint256 private constant ZERO = 0x30; // "0"
    uint256 private constant DASH = 0x2d; // "-"
    uint256 private constant PREFIX = 0x4352442d; // "CRD-"
    uint256 private constant PREFIX_BITS = 32;

    /// @notice The id of a year's credit; zero, which is none, where the counter is too large.
    function from(uint256 year, uint256 counter) internal pure returns (uint256) {
        return counter <= COUNTER_MASK ? year << COUNTER_BITS | counter : 0;
    }

    /// @notice Whether the year has four digits.
    function isValid(uint256 creditId) internal pure returns (bool) {
        uint256 year = creditId >> COUNTER_BITS;
        return year >= 1000 && year <= 9999;
    }

    /// @notice The public form, e.g. CRD-2025-000123; the counter grows past its width.
    /// @dev At most 22 characters, put together in one word from their end: issuing a hundred credits writes a hundred.
    function toText(uint256 creditId) internal pure returns (string memory text) {
        uint256 counter = creditId & COUNTER_MASK;
        uint256 year = creditId >> COUNTER_BITS;
        assembly ("memory-safe") {
            let word := 0
            let bits := 0
            for {} or(counter, lt(bits, COUNTER_LEAST_BITS)) { bits := add(bits, 8) } {
                word := or(word, shl(bits, add(ZERO, mod(counter, 10))))
                counter := div(counter, 10)
            }
            word := or(word, shl(bits, DASH))
            for { bits := add(bits, 8) } year { bits := add(bits, 8) } {
                word := or(word, shl(bits, add(ZERO, mod(year, 10))))
                year := div(year, 10)
            }
            word := or(word, shl(bits, PREFIX))
            bits := add(bits, PREFIX_BITS)

            text := mload(0x40)
            mstore(0x40, add(text, 0x40))
            mstore(text, shr(3, bits))
            mstore(add(text, 0x20), shl(sub(256, bits), word))
        }
    }
}
