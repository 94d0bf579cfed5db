// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonCredit, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";

/// @notice Three batches of 1000, 500 and 100 kg, a tenth of each in its buffer: the household holds what circulates of
/// the first, the company what circulates of the others.
abstract contract ThreeBatches is Base {
    bytes32 internal first;
    bytes32 internal second;
    bytes32 internal third;

    uint256 private _nextRetirement = 1;

    function setUp() public virtual override {
        super.setUp();
        first = issueTo(household.addr, 900);
        second = issueInto(termsOfYear(1), company.addr, 450);
        third = issueInto(termsOfYear(2), company.addr, 90);
    }

    function retireFrom(bytes32 batchId, uint256 kg) internal {
        if (kg == 0) return;
        Retirement memory it = defaultRetirement(kg);
        it.batchIds = listOf(batchId);
        it.nonce = bytes32(_nextRetirement++);
        vm.prank(batchId == first ? household.addr : company.addr);
        credit.retire(it, 0);
    }

    /// @dev Invariants 1 and 2.
    function assertSums() internal view {
        assertSums(listOf(first, second, third));
    }

    function expectCovered(bytes32 coverBatchId, uint256 circulatingKg, uint256 retiredKg) internal {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.DeficitCovered(first, coverBatchId, circulatingKg, retiredKg);
    }
}
