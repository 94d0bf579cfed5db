// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {BatchStatus, ICarbonCredit, Issuance, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {TypedData} from "../utils/TypedData.sol";
import {ThreeBatches} from "./ThreeBatches.sol";

contract SuspendTest is ThreeBatches {
    bytes32 private constant NOWHERE = "nowhere";
    uint256 private constant END = NOW + 30 days;

    function _unsuspend(address caller) private {
        vm.prank(caller);
        credit.unsuspend(first);
    }

    function _sendAll(address from, address to) private {
        uint256 kg = credit.balanceOf(from);
        vm.prank(from);
        credit.transfer(to, kg);
    }

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }

    function _assertStatus(bool suspended, uint256 until, bool reversed) private view {
        BatchStatus memory status = credit.batchStatus(first);
        assertEq(status.suspended, suspended);
        assertEq(status.suspendedUntil, until);
        assertEq(status.reversed, reversed);
    }

    /* SUSPEND */

    function test_RevertWhen_TheCallerIsNoGuardian() external {
        _expectUnauthorized(admin);
        vm.prank(admin);
        credit.suspend(first);
    }

    function test_RevertWhen_TheSuspendedBatchIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.UnknownBatch.selector, NOWHERE));
        suspend(NOWHERE);
    }

    function test_RevertWhen_TheBatchIsSuspendedAlready() external {
        suspend(first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsSuspended.selector, first, END));
        suspend(first);
        vm.warp(END + 30 days);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsSuspended.selector, first, END));
        suspend(first);
    }

    function test_RevertWhen_TheBatchIsReversed() external {
        reverse(first, 1, noBatches());
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsReversed.selector, first));
        suspend(first);
        _assertStatus(false, 0, true);
    }

    function test_RevertWhen_TheLastSuspensionEndedLessThan30DaysAgo() external {
        suspend(first);
        _unsuspend(admin);
        vm.warp(END + 30 days - 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.SuspensionTooSoon.selector, first, END + 30 days));
        suspend(first);
    }

    function test_WhenTheLastSuspensionEnded30DaysAgo() external {
        suspend(first);
        _unsuspend(admin);
        vm.warp(END + 30 days);
        suspend(first);
        _assertStatus(true, END + 60 days, false);
        assertSums();
        vm.warp(END + 60 days - 1);
        _expectUnauthorized(stranger);
        _unsuspend(stranger);
    }

    function test_WhenTheGuardianSuspends() external {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchSuspended(first, END);
        suspend(first);
        _assertStatus(true, END, false);
        assertEligible(listOf(second, third));
        assertEq(credit.attributable(), 540);
        assertBatchKg(first, 900, 100, 0, 0, 0);
        assertSums();
    }

    function test_WhenNothingOfTheSuspendedBatchCirculates() external {
        retireFrom(first, 900);
        suspend(first);
        assertEligible(listOf(second, third));
        assertSums();
    }

    function test_WhenCreditsOfASuspendedBatchAreMoved() external {
        suspend(first);
        vm.prank(household.addr);
        credit.transfer(stranger, 900);
        assertEq(credit.balanceOf(stranger), 900);
        assertSums();
    }

    function test_WhenARetirementNamesNoBatch() external {
        suspend(first);
        vm.prank(household.addr);
        credit.retire(defaultRetirement(460), 2);
        assertBatchKg(first, 900, 100, 0);
        assertBatchKg(second, 0, 50, 450);
        assertBatchKg(third, 80, 10, 10);
        assertSums();
    }

    function test_WhenARetirementNamesTheSuspendedBatch() external {
        suspend(first);
        Retirement memory it = defaultRetirement(10);
        it.batchIds = listOf(first, third);
        vm.prank(household.addr);
        credit.retire(it, 0);
        assertBatchKg(first, 900, 100, 0);
        assertBatchKg(third, 80, 10, 10);
        assertSums();
    }

    function test_RevertWhen_OnlySuspendedBatchesCouldGive() external {
        suspend(first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 541, 540));
        vm.prank(household.addr);
        credit.retire(defaultRetirement(541), 3);

        Retirement memory it = defaultRetirement(1);
        it.batchIds = listOf(first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 1, 0));
        vm.prank(household.addr);
        credit.retire(it, 3);
    }

    function test_RevertWhen_CreditsAreIssuedIntoASuspendedBatch() external {
        suspend(first);
        _expectWithheldIssuance();
        reverse(first, 1, noBatches());
        _expectWithheldIssuance();
    }

    function _expectWithheldIssuance() private {
        Issuance memory it = issuanceOf(defaultTerms(), household.addr, 9);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsWithheld.selector, first));
        vm.prank(issuer);
        credit.issue(defaultTerms(), it, signature);
    }

    /// @dev Whichever batches are suspended, in whatever order, and whatever is retired between: what the token says is
    /// attributable can be retired to the last kilogram, and not one more.
    function testFuzz_WhenAnyOfTheBatchesAreSuspended(uint256[6] calldata steps) external {
        bytes32[3] memory batchIds = [first, second, third];
        for (uint256 i = 0; i < steps.length; ++i) {
            bytes32 batchId = batchIds[(steps[i] >> 8) % 3];
            if (steps[i] & 3 == 0) vm.warp(block.timestamp + 60 days);
            if (credit.batchStatus(batchId).suspended) {
                vm.prank(admin);
                credit.unsuspend(batchId);
            } else if (steps[i] & 3 < 3 && block.timestamp >= credit.batchStatus(batchId).suspendedUntil + 30 days) {
                suspend(batchId);
            } else if (!credit.batchStatus(batchId).suspended) {
                retireFrom(batchId, steps[i] % (credit.batchKg(batchId).circulatingKg + 1));
            }
            assertSums();
        }

        uint256 kg = credit.attributable();
        _sendAll(household.addr, stranger);
        _sendAll(company.addr, stranger);
        Retirement memory tooMuch = defaultRetirement(kg + 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, kg + 1, kg));
        vm.prank(stranger);
        credit.retire(tooMuch, 3);
        if (kg == 0) return;
        vm.prank(stranger);
        credit.retire(defaultRetirement(kg), 3);
        assertEligible(noBatches());
        assertSums();
    }

    /* UNSUSPEND */

    function test_RevertWhen_TheBatchIsNotSuspended() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotSuspended.selector, NOWHERE));
        credit.unsuspend(NOWHERE);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotSuspended.selector, first));
        _unsuspend(stranger);
        suspend(first);
        _unsuspend(admin);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotSuspended.selector, first));
        _unsuspend(admin);
    }

    function test_RevertWhen_AStrangerLiftsItWithin30Days() external {
        suspend(first);
        _expectUnauthorized(stranger);
        _unsuspend(stranger);
        vm.warp(END - 1);
        _expectUnauthorized(stranger);
        _unsuspend(stranger);
    }

    function test_RevertWhen_AGuardianLiftsItWithin30Days() external {
        suspend(first);
        _expectUnauthorized(guardian);
        _unsuspend(guardian);
    }

    function test_WhenTheAdminLiftsItWithin30Days() external {
        suspend(first);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchUnsuspended(first);
        _unsuspend(admin);
        _assertStatus(false, END, false);
        assertEligible(listOf(second, third, first));
        assertEq(credit.attributable(), 1440);
        assertSums();
    }

    function test_WhenAnyoneLiftsItAfter30Days() external {
        suspend(first);
        vm.warp(END);
        _unsuspend(stranger);
        _assertStatus(false, END, false);
        assertEligible(listOf(second, third, first));
        assertSums();
    }

    function test_WhenNothingOfTheLiftedBatchCirculates() external {
        retireFrom(first, 900);
        suspend(first);
        _unsuspend(admin);
        assertEligible(listOf(second, third));
        assertSums();
    }

    function test_WhenItIsIssuedIntoAfterLifting() external {
        suspend(first);
        _unsuspend(admin);
        issueTo(household.addr, 90);
        assertEligible(listOf(second, third, first));
        assertBatchKg(first, 990, 110, 0);
        assertSums();
    }

    /* VIEWS */

    function test_WhenTheBatchWasNeverTouched() external view {
        _assertStatus(false, 0, false);
        BatchStatus memory status = credit.batchStatus(NOWHERE);
        assertFalse(status.suspended || status.reversed || status.suspendedUntil > 0);
    }

    function test_WhenAllWasRetired() external {
        retireFrom(first, 900);
        retireFrom(second, 450);
        retireFrom(third, 90);
        assertEq(credit.attributable(), 0);
    }

    function test_WhenBuffersAreHeld() external view {
        assertEq(credit.attributable(), 1440);
        assertEq(credit.totalSupply(), 1600);
    }
}
