// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Roles} from "../../src/Roles.sol";
import {BatchTerms, ICarbonCredit, Reversal} from "../../src/interfaces/ICarbonCredit.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {TypedData} from "../utils/TypedData.sol";
import {ThreeBatches} from "./ThreeBatches.sol";

/// @notice The table of a reversal's moves: which kilograms leave which place, and what is owed after.
contract ReverseTest is ThreeBatches {
    Reversal private it;

    function setUp() public override {
        super.setUp();
        it = defaultReversal(first, 150);
    }

    function _submit(bytes memory signature) private {
        vm.prank(admin);
        credit.reverse(it, noBatches(), signature);
    }

    function _signature() private view returns (bytes memory) {
        return signCredit(verifier, TypedData.reversal(it));
    }

    /// @dev Reverses kilograms of the first batch; nobody's balance changes by that, and the sums hold.
    function _reverse(uint256 kg, bytes32[] memory coverBatchIds) private {
        uint256 householdKg = credit.balanceOf(household.addr);
        uint256 companyKg = credit.balanceOf(company.addr);
        it.kg = kg;
        it.nonce = keccak256(abi.encode(it.nonce));
        reverse(it, coverBatchIds);
        assertEq(credit.balanceOf(household.addr), householdKg);
        assertEq(credit.balanceOf(company.addr), companyKg);
        assertTrue(credit.batchStatus(first).reversed);
        assertSums();
    }

    function _expectReversed(uint256 bufferedKg, uint256 circulatingKg, uint256 retiredKg) private {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchReversed(first, verifier.addr, it.evidence, bufferedKg, circulatingKg, retiredKg);
    }

    /* WHO AND WHEN */

    function test_RevertWhen_TheCallerIsNoAdmin() external {
        bytes memory signature = _signature();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        credit.reverse(it, noBatches(), signature);
    }

    function test_RevertWhen_NothingIsReversed() external {
        it.kg = 0;
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        reverse(it, noBatches());
    }

    function test_RevertWhen_TheDeadlineIsPast() external {
        vm.warp(it.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ReversalExpired.selector, it.deadline));
        reverse(it, noBatches());
    }

    function test_WhenItIsTheDeadlinesLastSecond() external {
        vm.warp(it.deadline);
        reverse(it, noBatches());
        assertDeficit(first, 50, 0);
    }

    function test_RevertWhen_TheSignerIsNoVerifier() external {
        vm.prank(admin);
        manager.revokeRole(Roles.VERIFIER, verifier.addr);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotVerifier.selector, verifier.addr));
        reverse(it, noBatches());
    }

    function test_RevertWhen_TheSignerIsAnIssuerToo() external {
        vm.prank(admin);
        manager.grantRole(Roles.ISSUER, verifier.addr, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.VerifierIsIssuer.selector, verifier.addr));
        reverse(it, noBatches());
    }

    function test_RevertWhen_TheSignatureIsAnotherAccounts() external {
        bytes memory signature = signCredit(household, TypedData.reversal(it));
        _expectInvalidSignature();
        _submit(signature);
    }

    function test_RevertWhen_TheSignatureIsOverAnotherReversal() external {
        bytes memory signature = _signature();
        Reversal memory signed = it;
        for (uint256 field = 0; field < 5; ++field) {
            it = signed;
            if (field == 0) it.batchId = second;
            if (field == 1) it.kg += 1;
            if (field == 2) it.evidence = keccak256("other evidence");
            if (field == 3) it.nonce = keccak256("other nonce");
            if (field == 4) it.deadline += 1;
            _expectInvalidSignature();
            _submit(signature);
        }
    }

    function test_RevertWhen_TheSignatureIsForAnotherChain() external {
        bytes memory signature = _signature();
        vm.chainId(block.chainid + 1);
        _expectInvalidSignature();
        _submit(signature);
    }

    function test_RevertWhen_TheSignatureIsForAnotherContract() external {
        bytes32 elsewhere = TypedData.domain(credit.name(), block.chainid, address(market));
        bytes memory signature = sign(verifier, elsewhere, TypedData.reversal(it));
        _expectInvalidSignature();
        _submit(signature);
    }

    function test_RevertWhen_TheSignatureIsMalleated() external {
        bytes memory signature = malleate(_signature());
        _expectInvalidSignature();
        _submit(signature);
    }

    function test_RevertWhen_TheSignatureIsUsedAgain() external {
        reverse(it, noBatches());
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, verifier.addr, it.nonce));
        reverse(it, noBatches());
    }

    function test_RevertWhen_TheVerifierCancelledTheNonce() external {
        bytes memory cancellation = signCredit(verifier, TypedData.cancelAuthorization(verifier.addr, it.nonce));
        credit.cancelAuthorization(verifier.addr, it.nonce, cancellation);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, verifier.addr, it.nonce));
        reverse(it, noBatches());
    }

    function test_RevertWhen_TheBatchIsUnknown() external {
        it.batchId = bytes32("nowhere");
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.UnknownBatch.selector, bytes32("nowhere")));
        reverse(it, noBatches());
    }

    function test_RevertWhen_MoreIsReversedThanThereIs() external {
        retireFrom(first, 300);
        it.kg = 1001;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ReversalTooLarge.selector, first, 1001, 1000));
        reverse(it, noBatches());
    }

    function test_WhenAnotherVerifierSigns() external {
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, company.addr, 0);
        it.verifier = company.addr;
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchReversed(first, company.addr, it.evidence, 100, 50, 0);
        _submit(signCredit(company, TypedData.reversal(it)));
        assertTrue(credit.authorizationState(company.addr, it.nonce));
        assertFalse(credit.authorizationState(verifier.addr, it.nonce));
    }

    function test_WhenTheVerifierHasCode() external {
        it.verifier = address(new OwnedWallet(verifier.addr));
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, it.verifier, 0);
        reverse(it, noBatches());
        assertDeficit(first, 50, 0);
    }

    function test_WhenTheTokenIsPaused() external {
        vm.prank(guardian);
        credit.pause();
        _reverse(150, noBatches());
        assertDeficit(first, 50, 0);
    }

    /* THE TABLE OF MOVES */

    function test_WhenTheOwnBufferHoldsMore() external {
        vm.expectEmit(address(credit));
        emit IERC3009.AuthorizationUsed(verifier.addr, keccak256(abi.encode(it.nonce)));
        _expectReversed(40, 0, 0);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(credit), address(0), 40);
        _reverse(40, noBatches());
        assertBatchKg(first, 900, 60, 0, 40, 40);
        assertDeficit(first, 0, 0);
    }

    function test_WhenTheOwnBufferHoldsExactlyThat() external {
        _expectReversed(100, 0, 0);
        _reverse(100, listOf(second));
        assertBatchKg(first, 900, 0, 0, 100, 100);
        assertBatchKg(second, 450, 50, 0, 0, 0);
        assertDeficit(first, 0, 0);
        assertEligible(listOf(second, third));
        assertEq(credit.attributable(), 540);
    }

    function test_WhenTheOwnBufferHoldsLess() external {
        _expectReversed(100, 1, 0);
        _reverse(101, noBatches());
        assertBatchKg(first, 900, 0, 0, 100, 100);
        assertDeficit(first, 1, 0);
    }

    function test_WhenLessCirculatesThanIsReversed() external {
        retireFrom(first, 300);
        _expectReversed(100, 600, 100);
        _reverse(800, noBatches());
        assertBatchKg(first, 600, 0, 300, 100, 100);
        assertDeficit(first, 600, 100);
    }

    function test_WhenACoverBatchHoldsEnough() external {
        _expectReversed(100, 40, 0);
        expectCovered(second, 40, 0);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(credit), address(0), 140);
        _reverse(140, listOf(second));
        assertBatchKg(first, 860, 0, 0, 140, 100);
        assertBatchKg(second, 490, 10, 0, 0, 40);
        assertDeficit(first, 0, 0);
        assertEligible(listOf(second, third));
        assertEq(credit.attributable(), 580);
    }

    function test_WhenACoverBatchGivesForCirculatingAndRetired() external {
        retireFrom(first, 880);
        _expectReversed(100, 20, 30);
        expectCovered(second, 20, 30);
        _reverse(150, listOf(second));
        assertBatchKg(first, 0, 0, 880, 120, 100);
        assertBatchKg(second, 470, 0, 0, 30, 50);
        assertDeficit(first, 0, 0);
    }

    function test_WhenTwoCoverBatchesGive() external {
        retireFrom(first, 845);
        expectCovered(second, 50, 0);
        expectCovered(third, 5, 5);
        _reverse(165, listOf(second, third));
        assertBatchKg(first, 0, 0, 845, 155, 100);
        assertBatchKg(second, 500, 0, 0, 0, 50);
        assertBatchKg(third, 95, 0, 0, 5, 10);
        assertDeficit(first, 0, 5);
    }

    function test_WhenTheCoverBatchesCannotGive() external {
        suspend(second);
        reverse(third, 5, noBatches());
        bytes32[] memory coverBatchIds = new bytes32[](4);
        (coverBatchIds[0], coverBatchIds[1]) = (first, second);
        (coverBatchIds[2], coverBatchIds[3]) = (third, bytes32("nowhere"));
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(credit), address(0), 100);
        _reverse(110, coverBatchIds);
        assertDeficit(first, 10, 0);
        assertBatchKg(second, 450, 50, 0, 0, 0);
        assertBatchKg(third, 90, 5, 0, 5, 5);
        assertEligible(noBatches());
    }

    function test_WhenACoverBatchHasNoBuffer() external {
        BatchTerms memory terms = termsOfYear(3);
        terms.bufferBps = 0;
        bytes32 bare = issueInto(terms, company.addr, 70);
        reverse(first, 110, listOf(bare, second));
        assertBatchKg(bare, 70, 0, 0, 0, 0);
        assertBatchKg(second, 460, 40, 0, 0, 10);
        assertDeficit(first, 0, 0);
    }

    function test_WhenACoverBatchIsNamedTwice() external {
        expectCovered(second, 50, 0);
        expectCovered(third, 10, 0);
        _reverse(200, listOf(second, second, third));
        assertBatchKg(second, 500, 0, 0, 0, 50);
        assertDeficit(first, 40, 0);
    }

    function test_WhenACoverBatchHadNothingInCirculation() external {
        retireFrom(second, 450);
        assertEligible(listOf(first, third));
        _reverse(120, listOf(second));
        assertBatchKg(second, 20, 30, 450, 0, 20);
        assertEligible(listOf(third, second));
    }

    function test_WhenMoreCoverIsNamedThanNeeded() external {
        _reverse(150, listOf(second, third));
        assertBatchKg(second, 500, 0, 0, 0, 50);
        assertBatchKg(third, 90, 10, 0, 0, 0);
    }

    function test_WhenTheBatchIsReversedAgain() external {
        _reverse(60, noBatches());
        _expectReversed(40, 20, 0);
        _reverse(60, noBatches());
        assertBatchKg(first, 900, 0, 0, 100, 100);
        assertDeficit(first, 20, 0);

        _expectReversed(0, 30, 0);
        expectCovered(second, 50, 0);
        _reverse(30, listOf(second));
        assertBatchKg(first, 850, 0, 0, 150, 100);
        assertDeficit(first, 0, 0);
        assertEq(credit.attributable(), 590);
    }

    function test_WhenAllOfTheBatchWasReversed() external {
        retireFrom(first, 300);
        _reverse(500, noBatches());
        _expectReversed(0, 200, 300);
        _reverse(500, noBatches());
        assertDeficit(first, 600, 300);
        it = defaultReversal(first, 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ReversalTooLarge.selector, first, 1, 0));
        reverse(it, noBatches());
    }

    function test_WhenWhatWasRetiredWasMadeGoodBefore() external {
        retireFrom(first, 900);
        _reverse(110, listOf(second));
        assertBatchKg(first, 0, 0, 900, 100, 100);
        it = defaultReversal(first, 891);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ReversalTooLarge.selector, first, 891, 890));
        reverse(it, noBatches());
        _reverse(890, noBatches());
        assertDeficit(first, 0, 890);
    }

    function test_WhenTheBatchCoveredAnotherBefore() external {
        _reverse(140, listOf(second));
        reverse(second, 60, listOf(third));
        assertSums();
        assertBatchKg(second, 480, 0, 0, 20, 50);
        assertBatchKg(third, 100, 0, 0, 0, 10);
        assertDeficit(second, 40, 0);
        assertDeficit(first, 0, 0);
    }

    function test_WhenTheBatchWasSuspended() external {
        suspend(first);
        _reverse(50, noBatches());
        assertFalse(credit.batchStatus(first).suspended);
        assertEq(credit.attributable(), 540);

        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchIsNotSuspended.selector, first));
        vm.prank(admin);
        credit.unsuspend(first);
        reinstate(first);
        assertEligible(listOf(second, third, first));
        assertSums();
    }

    function test_WhenNothingOfTheBatchCirculates() external {
        retireFrom(first, 900);
        _reverse(50, noBatches());
        assertBatchKg(first, 0, 50, 900, 50, 50);
        assertEligible(listOf(second, third));
    }

    /// @dev The table of moves once more, as one sees it from outside.
    function testFuzz_WhenTheKilogramsAreAnything(uint256 retiredKg, uint256 kg, uint8 covers) external {
        retiredKg = bound(retiredKg, 0, 900);
        retireFrom(first, retiredKg);
        kg = bound(kg, 1, 1000);
        uint256 ownKg = Math.min(kg, 100);
        uint256 owedCirculatingKg = Math.min(kg - ownKg, 900 - retiredKg);
        uint256 owedKg = kg - ownKg;
        uint256 coveredKg = Math.min(owedKg, (covers & 1 > 0 ? 50 : 0) + (covers & 2 > 0 ? 10 : 0));
        uint256 supplyKg = credit.totalSupply();

        _reverse(kg, listOf(covers & 1 > 0 ? second : first, covers & 2 > 0 ? third : first));

        uint256 coveredCirculatingKg = Math.min(coveredKg, owedCirculatingKg);
        assertEq(credit.totalSupply(), supplyKg - ownKg - coveredKg);
        assertDeficit(
            first,
            owedCirculatingKg - coveredCirculatingKg,
            owedKg - owedCirculatingKg - (coveredKg - coveredCirculatingKg)
        );
        assertBatchKg(
            first, 900 - retiredKg - coveredCirculatingKg, 100 - ownKg, retiredKg, ownKg + coveredCirculatingKg, ownKg
        );
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidVerifierSignature.selector, verifier.addr));
    }
}
