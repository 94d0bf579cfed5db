// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {ICarbonCredit, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract RetireTest is Base {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;

    bytes32 private first;
    bytes32 private second;
    Retirement private it;

    function setUp() public override {
        super.setUp();
        first = issueTo(household.addr, 100);
        second = issueInto(termsOfYear(1), household.addr, 50);
        it = defaultRetirement(120);
    }

    function _retire() private {
        vm.prank(household.addr);
        credit.retire(it, 10);
    }

    function _authorization() private view returns (bytes memory) {
        return signCredit(household, TypedData.retirement(household.addr, it, 0, VALID_BEFORE));
    }

    function _retireSigned(bytes memory signature) private {
        vm.prank(stranger);
        credit.retireWithAuthorization(household.addr, it, 0, VALID_BEFORE, 10, signature);
    }

    /* RETIRE */

    function test_RevertWhen_NothingIsRetired() external {
        it.kg = 0;
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        _retire();
    }

    function test_RevertWhen_TheNonceWasUsed() external {
        it.kg = 1;
        _retire();
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, it.nonce));
        _retire();
    }

    function test_RevertWhen_TheCallerHoldsTooLittle() external {
        vm.prank(household.addr);
        credit.transfer(company.addr, 31);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, household.addr, 119, 120)
        );
        _retire();
    }

    function test_RevertWhen_TheBatchesLookedAtHoldTooLittle() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 120, 100));
        vm.prank(household.addr);
        credit.retire(it, 1);
    }

    function test_RevertWhen_EveryVintageIsTooOld() external {
        it.earliestVintage = NOW + 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 120, 0));
        _retire();
    }

    function test_RevertWhen_ANamedBatchIsUnknown() external {
        it.batchIds.push(bytes32("nowhere"));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.UnknownBatch.selector, bytes32("nowhere")));
        _retire();
    }

    function test_RevertWhen_TheNamedBatchesHoldTooLittle() external {
        it.batchIds.push(second);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 120, 50));
        _retire();
    }

    function test_WhenNoBatchIsNamed() external {
        _expectRetired(household.addr, first, 100, second, 20);
        _retire();

        assertBatchKg(first, 0, 12, 100);
        assertBatchKg(second, 30, 6, 20);
        assertEq(credit.balanceOf(household.addr), 30);
        (bytes32[] memory batchIds,) = credit.nextEligible(10);
        assertEq(batchIds.length, 1);
        assertEq(batchIds[0], second);
        assertEq(credit.attributable(), 30);
    }

    function test_WhenAnEarliestVintageIsGiven() external {
        it.kg = 40;
        it.earliestVintage = NOW;
        _retire();
        assertBatchKg(first, 100, 12, 0);
        assertBatchKg(second, 10, 6, 40);
    }

    function test_WhenBatchesAreNamed() external {
        it.batchIds = [second, second, first];
        _expectRetired(household.addr, second, 50, first, 70);
        _retire();
        assertBatchKg(first, 30, 12, 70);
        assertBatchKg(second, 0, 6, 50);
    }

    function test_WhenTheBufferIsAllThatIsLeftOfABatch() external {
        it.kg = 100;
        it.batchIds = [first];
        _retire();
        it.nonce = keccak256("again");
        it.kg = 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 1, 0));
        _retire();
        assertBatchKg(first, 0, 12, 100);
    }

    /* RETIRE FROM */

    function test_RevertWhen_TheCallerHasNoAllowance() external {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, company.addr, 0, 120));
        vm.prank(company.addr);
        credit.retireFrom(household.addr, it, 10);
    }

    function test_WhenTheCallerHasAnAllowance() external {
        vm.prank(household.addr);
        credit.approve(company.addr, 121);
        vm.prank(company.addr);
        bytes32 ref = credit.retireFrom(household.addr, it, 10);

        assertEq(ref, keccak256(abi.encode(company.addr, it.nonce)));
        assertEq(credit.allowance(household.addr, company.addr), 1);
        assertEq(credit.balanceOf(household.addr), 30);
        assertTrue(credit.authorizationState(company.addr, it.nonce));
        assertFalse(credit.authorizationState(household.addr, it.nonce));
    }

    /* RETIRE WITH AUTHORIZATION */

    function test_RevertWhen_TheAuthorizationIsNotValidYet() external {
        bytes memory signature = signCredit(household, TypedData.retirement(household.addr, it, NOW, VALID_BEFORE));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, NOW, VALID_BEFORE));
        credit.retireWithAuthorization(household.addr, it, NOW, VALID_BEFORE, 10, signature);
    }

    function test_RevertWhen_TheAuthorizationIsNoLongerValid() external {
        bytes memory signature = _authorization();
        vm.warp(VALID_BEFORE);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, VALID_BEFORE));
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationWasUsed() external {
        it.kg = 10;
        _retireSigned(_authorization());
        bytes memory signature = _authorization();
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, it.nonce));
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationWasCancelled() external {
        bytes memory cancellation = signCredit(household, TypedData.cancelAuthorization(household.addr, it.nonce));
        credit.cancelAuthorization(household.addr, it.nonce, cancellation);
        bytes memory signature = _authorization();
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, it.nonce));
        _retireSigned(signature);
    }

    function test_RevertWhen_TheHolderSignedSomethingElse() external {
        bytes memory signature = _authorization();
        it.commitment = keccak256("another beneficiary");
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationIsForAnotherChain() external {
        bytes memory signature = _authorization();
        vm.chainId(137);
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationIsMalleated() external {
        bytes memory signature = malleate(_authorization());
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_WhenAnyoneBearsTheHoldersSignature() external {
        vm.expectEmit(address(credit));
        emit IERC3009.AuthorizationUsed(household.addr, it.nonce);
        _expectRetired(household.addr, first, 100, second, 20);
        _retireSigned(_authorization());
        assertEq(credit.balanceOf(household.addr), 30);
    }

    function test_WhenTheHolderHasCode() external {
        address wallet = address(new OwnedWallet(household.addr));
        vm.prank(household.addr);
        credit.transfer(wallet, 150);
        bytes memory signature = signCredit(household, TypedData.retirement(wallet, it, 0, VALID_BEFORE));
        credit.retireWithAuthorization(wallet, it, 0, VALID_BEFORE, 10, signature);
        assertEq(credit.balanceOf(wallet), 30);
    }

    /// @dev Any retirement within the balance takes exactly its kilograms from the batches, and no more.
    function testFuzz_WhenTheAmountIsAnything(uint256 kg, bool isNamed) external {
        it.kg = bound(kg, 1, 150);
        if (isNamed) it.batchIds = [second, first];
        _retire();
        assertEq(credit.batchKg(first).retiredKg + credit.batchKg(second).retiredKg, it.kg);
        assertEq(credit.balanceOf(household.addr), 150 - it.kg);
        assertEq(credit.attributable(), 150 - it.kg);
    }

    function _expectRetired(address holder, bytes32 batch1, uint256 kg1, bytes32 batch2, uint256 kg2) private {
        bytes32[] memory batchIds = new bytes32[](2);
        uint256[] memory kgs = new uint256[](2);
        (batchIds[0], batchIds[1], kgs[0], kgs[1]) = (batch1, batch2, kg1, kg2);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsRetired(
            keccak256(abi.encode(holder, it.nonce)), holder, kg1 + kg2, batchIds, kgs, 1, 2025, it.commitment
        );
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidHolderSignature.selector, household.addr));
    }
}
