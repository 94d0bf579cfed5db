// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {TypedData} from "../utils/TypedData.sol";
import {ThreeBatches} from "./ThreeBatches.sol";

/// @notice What becomes of a deficit: covered by buffers, replaced by somebody's credits, and the batch reinstated.
contract DeficitTest is ThreeBatches {
    bytes32 private constant NOWHERE = "nowhere";

    /// @dev The first batch owes 30 kg that circulate and, after retirements, as much as is asked for that was retired.
    function _owe(uint256 retiredKg) private {
        retireFrom(first, 870);
        reverse(first, 100 + 30 + retiredKg, noBatches());
        assertDeficit(first, 30, retiredKg);
    }

    function _cover(bytes32[] memory coverBatchIds) private returns (uint256 kg) {
        vm.prank(stranger);
        kg = credit.cover(first, coverBatchIds);
        assertSums();
    }

    function _replace(uint256 kg, uint256 maxBatches) private {
        vm.prank(company.addr);
        credit.replace(first, kg, maxBatches);
        assertSums();
    }

    function _expectReplaced(uint256 circulatingKg, bytes32[] memory batchIds, uint256[] memory kgs) private {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.DeficitReplaced(first, company.addr, circulatingKg, batchIds, kgs);
    }

    function _expectTooLarge(bytes32 batchId, uint256 kg, uint256 deficitKg) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ReplacementTooLarge.selector, batchId, kg, deficitKg));
    }

    function _expectDeficitRemains(uint256 kg) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.DeficitRemains.selector, first, kg));
    }

    /* COVER */

    function test_RevertWhen_TheBatchOwesNothing() external {
        _expectNoDeficit(NOWHERE);
        credit.cover(NOWHERE, listOf(second));
        _expectNoDeficit(first);
        credit.cover(first, listOf(second));

        _owe(20);
        _cover(listOf(second));
        _expectNoDeficit(first);
        credit.cover(first, listOf(third));
    }

    function test_WhenAnyoneCovers() external {
        _owe(40);
        expectCovered(second, 30, 20);
        expectCovered(third, 0, 10);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(credit), address(0), 60);
        assertEq(_cover(listOf(second, third)), 60);
        assertBatchKg(first, 0, 0, 870, 130, 100);
        assertBatchKg(second, 480, 0, 0, 20, 50);
        assertBatchKg(third, 90, 0, 0, 10, 10);
        assertDeficit(first, 0, 10);
    }

    function test_WhenLessIsOwedThanTheBuffersHold() external {
        _owe(0);
        assertEq(_cover(listOf(third, second)), 30);
        assertBatchKg(third, 100, 0, 0, 0, 10);
        assertBatchKg(second, 470, 30, 0, 0, 20);
        assertEq(credit.attributable(), 570);
    }

    function test_WhenNoBatchCanGive() external {
        _owe(40);
        suspend(second);
        assertEq(_cover(listOf(NOWHERE, first, second)), 0);
        assertEq(_cover(noBatches()), 0);
        assertDeficit(first, 30, 40);
        assertBatchKg(second, 450, 50, 0, 0, 0);
    }

    function test_WhenANewBatchBringsANewBuffer() external {
        _owe(40);
        bytes32 fourth = issueInto(termsOfYear(3), company.addr, 630);
        vm.prank(stranger);
        assertEq(credit.cover(first, listOf(fourth)), 70);
        assertBatchKg(fourth, 660, 0, 0, 40, 70);
        assertDeficit(first, 0, 0);
    }

    function test_WhenTheCoveringBatchIsIssuedIntoLater() external {
        _owe(40);
        _cover(listOf(second));
        assertBatchKg(second, 480, 0, 0, 20, 50);
        Issuance memory it = issuanceOf(termsOfYear(1), company.addr, 90);
        it.bufferKg = 9;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BufferTooSmall.selector, second, 59, 60));
        _issue(termsOfYear(1), it);

        it.bufferKg = 10;
        _issue(termsOfYear(1), it);
        assertBatchKg(second, 570, 10, 0, 20, 50);
        assertSums();
    }

    /* REPLACE */

    function test_RevertWhen_NothingIsReplaced() external {
        _owe(40);
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        _replace(0, 10);
    }

    function test_RevertWhen_TheBatchOwesLess() external {
        _expectTooLarge(NOWHERE, 1, 0);
        credit.replace(NOWHERE, 1, 10);
        _expectTooLarge(first, 1, 0);
        credit.replace(first, 1, 10);
        _owe(40);
        _expectTooLarge(first, 71, 70);
        _replace(71, 10);
    }

    function test_RevertWhen_TheCallerHoldsLess() external {
        _owe(40);
        vm.prank(company.addr);
        credit.transfer(stranger, 471);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, company.addr, 69, 70));
        _replace(70, 10);
    }

    function test_RevertWhen_TooFewBatchesMayBeLookedAt() external {
        retireFrom(second, 440);
        _owe(40);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 40, 10));
        _replace(70, 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 1, 0));
        _replace(31, 0);
    }

    function test_RevertWhen_OnlyTheReversedBatchIsLeftToGive() external {
        retireFrom(second, 450);
        suspend(third);
        _owe(40);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 2, 0));
        _replace(32, 10);
    }

    function test_WhenCirculatingKilogramsAreReplaced() external {
        _owe(40);
        _expectReplaced(29, noBatches(), new uint256[](0));
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(company.addr, address(0), 29);
        _replace(29, 0);
        assertDeficit(first, 1, 40);
        assertBatchKg(first, 1, 0, 870, 129, 100);
        assertBatchKg(second, 450, 50, 0, 0, 0);
        assertEq(credit.balanceOf(company.addr), 511);
        assertEq(credit.attributable(), 540);
    }

    function test_WhenRetiredKilogramsAreReplaced() external {
        _owe(40);
        _replace(30, 0);
        retireFrom(second, 420);
        _expectReplaced(0, listOf(second, third), listOf(30, 8));
        _replace(38, 2);
        assertDeficit(first, 0, 2);
        assertBatchKg(first, 0, 0, 870, 130, 100);
        assertBatchKg(second, 0, 50, 420, 30, 0);
        assertBatchKg(third, 82, 10, 0, 8, 0);
        assertEligible(listOf(third));
    }

    function test_WhenBothAreReplaced() external {
        _owe(40);
        _expectReplaced(30, listOf(second), listOf(40));
        _replace(70, 1);
        assertDeficit(first, 0, 0);
        assertBatchKg(first, 0, 0, 870, 130, 100);
        assertBatchKg(second, 410, 50, 0, 40, 0);
        assertEq(credit.balanceOf(company.addr), 470);
    }

    function test_WhenTheTokenIsPausedWhileReplacing() external {
        _owe(40);
        vm.prank(guardian);
        credit.pause();
        _replace(20, 0);
        assertEq(_cover(listOf(second)), 50);
        assertDeficit(first, 0, 0);
    }

    /// @dev However deficits come about and whoever makes them good, tokens and books lose exactly the same.
    function testFuzz_WhenTheAmountsAreAnything(uint256 retiredKg, uint256 coveredOf, uint256 kg) external {
        retiredKg = bound(retiredKg, 0, 870);
        _owe(retiredKg);
        if (coveredOf % 3 > 0) _cover(listOf(coveredOf % 3 == 1 ? second : third));
        uint256 deficitKg = _deficitKg();
        kg = bound(kg, 1, 540);
        if (deficitKg == 0) return;
        if (kg > deficitKg) kg = deficitKg;
        uint256 supplyKg = credit.totalSupply();
        _replace(kg, 2);
        assertEq(credit.totalSupply(), supplyKg - kg);
        assertEq(_deficitKg(), deficitKg - kg);
        assertEq(credit.batchKg(first).retiredKg, 870);
    }

    /* REINSTATE */

    function test_RevertWhen_TheCallerMayNotReinstate() external {
        reverse(first, 100, noBatches());
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        credit.reinstate(first);
    }

    function test_RevertWhen_TheBatchIsNotReversed() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotReversed.selector, first));
        reinstate(first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotReversed.selector, NOWHERE));
        reinstate(NOWHERE);
        reverse(first, 100, noBatches());
        reinstate(first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotReversed.selector, first));
        reinstate(first);
    }

    function test_RevertWhen_TheBatchStillOwes() external {
        _owe(40);
        _expectDeficitRemains(70);
        reinstate(first);
        _replace(69, 1);
        _expectDeficitRemains(1);
        reinstate(first);
    }

    function test_WhenTheDeficitWasMadeGood() external {
        reverse(first, 140, listOf(second));
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchReinstated(first);
        reinstate(first);
        assertFalse(credit.batchStatus(first).reversed);
        assertEligible(listOf(second, third, first));
        assertEq(credit.attributable(), 1440);
        retireFrom(first, 860);
        assertBatchKg(first, 0, 0, 860, 140, 100);
        assertSums();
    }

    function test_WhenAllOfItWasCancelledOrRetired() external {
        _owe(0);
        _replace(30, 0);
        reinstate(first);
        assertEligible(listOf(second, third));
        issueTo(household.addr, 9);
        assertEligible(listOf(second, third, first));
        assertSums();
    }

    function test_WhenTheBatchIsIssuedIntoAfterReinstatement() external {
        reverse(first, 100, noBatches());
        reinstate(first);
        Issuance memory it = issuanceOf(defaultTerms(), household.addr, 90);
        it.bufferKg = 9;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BufferTooSmall.selector, first, 109, 110));
        _issue(defaultTerms(), it);
        it.bufferKg = 10;
        _issue(defaultTerms(), it);
        assertBatchKg(first, 990, 10, 0, 100, 100);
        assertSums();
    }

    function test_WhenItIsReversedAfterReinstatement() external {
        reverse(first, 140, listOf(second));
        reinstate(first);
        reverse(first, 860, noBatches());
        assertDeficit(first, 860, 0);
        assertEligible(listOf(second, third));
        assertSums();
    }

    function test_WhenItIsSuspendedAfterReinstatement() external {
        reverse(first, 100, noBatches());
        reinstate(first);
        suspend(first);
        assertEligible(listOf(second, third));
        assertSums();
    }

    function test_WhenTheBatchWasNeverReversed() external view {
        assertDeficit(first, 0, 0);
        assertDeficit(NOWHERE, 0, 0);
    }

    function _deficitKg() private view returns (uint256) {
        return credit.deficitOf(first).circulatingKg + credit.deficitOf(first).retiredKg;
    }

    function _issue(BatchTerms memory terms, Issuance memory it) private {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.prank(issuer);
        credit.issue(terms, it, signature);
    }

    function _expectNoDeficit(bytes32 batchId) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NoDeficit.selector, batchId));
    }
}
