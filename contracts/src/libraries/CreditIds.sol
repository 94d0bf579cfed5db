// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title CreditIds
/// @notice Credit ids as numbers: the year in the high bits, a counter in the low 40, so that a hundred consecutive
/// ids share a slot of a bitmap.
library CreditIds {
    using Strings for uint256;

    uint256 private constant COUNTER_BITS = 40;
    uint256 private constant COUNTER_MASK = 2 ** COUNTER_BITS - 1;
    uint256 private constant COUNTER_WIDTH = 6;

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
    function toText(uint256 creditId) internal pure returns (string memory) {
        bytes memory counter = bytes((creditId & COUNTER_MASK).toString());
        bytes memory zeros = new bytes(counter.length < COUNTER_WIDTH ? COUNTER_WIDTH - counter.length : 0);
        for (uint256 i = 0; i < zeros.length; ++i) {
            zeros[i] = "0";
        }
        return string.concat("CRD-", (creditId >> COUNTER_BITS).toString(), "-", string(zeros), string(counter));
    }
}
