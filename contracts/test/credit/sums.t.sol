// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {
    BatchKg,
    BatchStatus,
    BatchTerms,
    Deficit,
    ICarbonCredit,
    Retirement,
    Reversal
} from "../../src/interfaces/ICarbonCredit.sol";
import {ThreeBatches} from "./ThreeBatches.sol";

/// @notice The books of the batches hold after any sequence of what can happen to them, and do not depend on how it was
/// split.
contract SumsTest is ThreeBatches {
    /// @dev What was retired of a reversed batch, was owed, and was made good since.
    mapping(bytes32 batchId => uint256) private madeGoodKg;

    function _deficitKg(bytes32 batchId) private view returns (uint256) {
        Deficit memory it = credit.deficitOf(batchId);
        return it.circulatingKg + it.retiredKg;
    }

    function _retiredKg() private view returns (uint256) {
        return credit.batchKg(first).retiredKg + credit.batchKg(second).retiredKg + credit.batchKg(third).retiredKg;
    }

    function _heldKg() private view returns (uint256) {
        return credit.balanceOf(household.addr) + credit.balanceOf(company.addr);
    }

    function _replace(bytes32 batchId, uint256 kg) private {
        vm.prank(company.addr);
        credit.replace(batchId, kg, 3);
    }

    /* ANY SEQUENCE */

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WhenAnythingHappensInAnyOrder(uint256[16] calldata steps) external {
        bytes32[3] memory batchIds = [first, second, third];
        for (uint256 i = 0; i < steps.length; ++i) {
            (uint256 retiredKg, uint256 heldKg) = (_retiredKg(), _heldKg());
            uint256 givenKg = _step(steps[i] % 8, (steps[i] >> 8) % 3, batchIds[(steps[i] >> 8) % 3], steps[i] >> 16);
            assertSums();
            assertGe(_retiredKg(), retiredKg, "a retired kilogram moved");
            assertGe(_heldKg() + givenKg, heldKg, "a balance shrank by itself");
        }
    }

    /// @dev Does one thing to a batch, if it can be done. Returns what holders gave away by it.
    function _step(uint256 what, uint256 year, bytes32 batchId, uint256 seed) private returns (uint256 kg) {
        BatchStatus memory status = credit.batchStatus(batchId);
        bool isEligible = !status.suspended && !status.reversed;
        if (what == 0 && isEligible) _issue(uint64(year), 1 + seed % 500);
        if (what == 1 && isEligible) kg = _retireSome(batchId, seed);
        if (what == 2) _reverseSome(batchId, seed);
        if (what == 3 || what == 4) kg = _makeGood(batchId, what == 4, seed);
        if (what == 5 && status.reversed && _deficitKg(batchId) == 0) reinstate(batchId);
        if (what == 6 && isEligible) {
            vm.warp(block.timestamp + 60 days);
            suspend(batchId);
        }
        if (what == 7 && status.suspended) {
            vm.prank(admin);
            credit.unsuspend(batchId);
        }
    }

    function _issue(uint64 year, uint256 kg) private {
        BatchTerms memory terms = termsOfYear(year);
        if (block.timestamp < terms.closesAt) issueInto(terms, year == 0 ? household.addr : company.addr, kg);
    }

    function _retireSome(bytes32 batchId, uint256 seed) private returns (uint256 kg) {
        uint256 heldKg = credit.balanceOf(batchId == first ? household.addr : company.addr);
        kg = seed % (Math.min(credit.batchKg(batchId).circulatingKg, heldKg) + 1);
        retireFrom(batchId, kg);
    }

    function _reverseSome(bytes32 batchId, uint256 seed) private {
        BatchKg memory it = credit.batchKg(batchId);
        uint256 reversibleKg = it.issuedKg - it.cancelledKg - _deficitKg(batchId) - madeGoodKg[batchId];
        Reversal memory tooMuch = defaultReversal(batchId, reversibleKg + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICarbonCredit.ReversalTooLarge.selector, batchId, reversibleKg + 1, reversibleKg)
        );
        reverse(tooMuch, noBatches());
        if (reversibleKg > 0) reverse(batchId, 1 + seed % reversibleKg, noBatches());
    }

    /// @dev Covers a deficit out of all batches, or replaces some of it.
    function _makeGood(bytes32 batchId, bool isReplaced, uint256 seed) private returns (uint256 kg) {
        Deficit memory owed = credit.deficitOf(batchId);
        if (owed.circulatingKg + owed.retiredKg == 0) return 0;
        if (isReplaced) {
            uint256 mostKg = owed.circulatingKg + Math.min(owed.retiredKg, credit.attributable());
            kg = seed % (Math.min(mostKg, credit.balanceOf(company.addr)) + 1);
            if (kg > 0) _replace(batchId, kg);
        } else {
            credit.cover(batchId, seed % 2 == 0 ? listOf(first, second, third) : listOf(third, first));
        }
        madeGoodKg[batchId] += owed.retiredKg - credit.deficitOf(batchId).retiredKg;
    }

    /* SPLITS */

    /// @dev All that the token tells of the three batches, as one value.
    function _told() private view returns (bytes memory told) {
        bytes32[3] memory batchIds = [first, second, third];
        for (uint256 i = 0; i < batchIds.length; ++i) {
            told = abi.encode(
                told, credit.batchKg(batchIds[i]), credit.batchStatus(batchIds[i]), credit.deficitOf(batchIds[i])
            );
        }
        (bytes32[] memory listed,) = credit.nextEligible(3);
        return abi.encode(told, listed, credit.totalSupply(), credit.attributable(), _heldKg());
    }

    function _assertSame(bytes memory told) private view {
        assertSums();
        assertEq(_told(), told);
    }

    function testFuzz_WhenARetirementIsSplit(uint256 kg, uint256 part) external {
        kg = bound(kg, 2, 540);
        part = bound(part, 1, kg - 1);
        uint256 snapshot = vm.snapshotState();
        _retireDefault(kg, "whole");
        bytes memory told = _told();
        assertTrue(vm.revertToState(snapshot));
        _retireDefault(part, "part");
        _retireDefault(kg - part, "rest");
        _assertSame(told);
    }

    function _retireDefault(uint256 kg, bytes32 nonce) private {
        Retirement memory it = defaultRetirement(kg);
        it.nonce = nonce;
        vm.prank(company.addr);
        credit.retire(it, 3);
    }

    function testFuzz_WhenAReversalIsSplit(uint256 retiredKg, uint256 kg, uint256 part) external {
        retireFrom(first, bound(retiredKg, 0, 900));
        kg = bound(kg, 2, 1000);
        part = bound(part, 1, kg - 1);
        uint256 snapshot = vm.snapshotState();
        reverse(first, kg, noBatches());
        bytes memory told = _told();
        assertTrue(vm.revertToState(snapshot));
        reverse(first, part, noBatches());
        reverse(first, kg - part, noBatches());
        _assertSame(told);
    }

    function testFuzz_WhenCoverComesLater(uint256 retiredKg, uint256 kg) external {
        retireFrom(first, bound(retiredKg, 0, 900));
        kg = bound(kg, 101, 1000);
        uint256 snapshot = vm.snapshotState();
        reverse(first, kg, listOf(second, third));
        bytes memory told = _told();
        assertTrue(vm.revertToState(snapshot));
        reverse(first, kg, noBatches());
        credit.cover(first, listOf(second));
        if (_deficitKg(first) > 0) credit.cover(first, listOf(third));
        _assertSame(told);
    }

    function testFuzz_WhenAReplacementIsSplit(uint256 retiredKg, uint256 kg, uint256 part) external {
        retireFrom(first, bound(retiredKg, 0, 900));
        kg = bound(kg, 2, 540);
        part = bound(part, 1, kg - 1);
        reverse(first, 640, noBatches());
        uint256 snapshot = vm.snapshotState();
        _replace(first, kg);
        bytes memory told = _told();
        assertTrue(vm.revertToState(snapshot));
        _replace(first, part);
        _replace(first, kg - part);
        _assertSame(told);
    }
}
