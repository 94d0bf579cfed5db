// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CreditClass, ICarbonCredit, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
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

    function test_RevertWhen_MoreIsRetiredThanFits() external {
        it.kg = 2 ** 96;
        _expectTooWide();
        _retire();
        it.kg = type(uint256).max;
        _expectTooWide();
        _retire();
        vm.prank(household.addr);
        credit.approve(household.addr, type(uint256).max);
        _expectTooWide();
        vm.prank(household.addr);
        credit.retireFrom(household.addr, it, 10);
    }

    function test_WhenTheMostThatFitsIsRetired() external {
        vm.prank(admin);
        credit.setDailyIssueCap(type(uint128).max);
        issueTo(household.addr, type(uint96).max);
        it.kg = type(uint96).max;
        _retire();
        assertEq(credit.retirementOf(credit.refOf(household.addr, it.nonce)).kg, type(uint96).max);
        assertEq(credit.balanceOf(household.addr), 150);
        assertSums(listOf(first, second));
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
        vm.expectEmit(address(credit));
        emit IERC3009.AuthorizationUsed(household.addr, it.nonce);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(household.addr, address(0), 120);
        _expectRetired(household.addr, first, 100, second, 20);
        _retire();

        assertBatchKg(first, 0, 12, 100);
        assertBatchKg(second, 30, 6, 20);
        assertEq(credit.balanceOf(household.addr), 30);
        assertEligible(listOf(second));
        assertEq(credit.attributable(), 30);
        assertSums(listOf(first, second));
    }

    function test_WhenAnEarliestVintageIsGiven() external {
        it.kg = 40;
        it.earliestVintage = termsOfYear(1).vintageStart;
        _retire();
        assertBatchKg(first, 100, 12, 0);
        assertBatchKg(second, 10, 6, 40);

        it.nonce = keccak256("named");
        it.kg = 10;
        it.batchIds = [first, second];
        _retire();
        assertBatchKg(first, 100, 12, 0);
        assertBatchKg(second, 0, 6, 50);

        it.nonce = keccak256("older");
        it.kg = 1;
        it.earliestVintage = YEAR_2025 + 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 1, 0));
        _retire();
        it.earliestVintage = YEAR_2025;
        _retire();
        assertBatchKg(first, 99, 12, 1);
    }

    function test_WhenBatchesAreNamed() external {
        it.batchIds = [second, second, first];
        _expectRetired(household.addr, second, 50, first, 70);
        _retire();
        assertBatchKg(first, 30, 12, 70);
        assertBatchKg(second, 0, 6, 50);
    }

    function test_WhenTheBatchIsInTheMiddleOfTheList() external {
        bytes32 third = issueInto(termsOfYear(2), household.addr, 70);
        bytes32 fourth = issueInto(termsOfYear(3), household.addr, 80);
        it.batchIds = [second];
        it.kg = 50;
        _retire();
        assertEligible(listOf(first, third, fourth));

        it.batchIds = [fourth];
        (it.kg, it.nonce) = (80, keccak256("the last"));
        _retire();
        assertEligible(listOf(first, third));
        bytes32 fifth = issueInto(termsOfYear(4), household.addr, 90);
        assertEligible(listOf(first, third, fifth));
    }

    function test_WhenTheNamedBatchesHoldMoreThanAsked() external {
        bytes32[] memory batchIds = listOf(second, first);
        (it.batchIds, it.kg) = (batchIds, 50);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsRetired(
            credit.refOf(household.addr, it.nonce),
            household.addr,
            50,
            listOf(second),
            listOf(50),
            1,
            2025,
            it.commitment
        );
        vm.prank(household.addr);
        credit.retire(it, 0);
        assertBatchKg(first, 100, 12, 0);
        assertEligible(listOf(first));
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

    function test_RevertWhen_TheAllowanceIsAKilogramShort() external {
        vm.prank(household.addr);
        credit.approve(company.addr, 119);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, company.addr, 119, 120)
        );
        vm.prank(company.addr);
        credit.retireFrom(household.addr, it, 10);
    }

    function test_RevertWhen_NothingIsRetiredForAnother() external {
        it.kg = 0;
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        vm.prank(company.addr);
        credit.retireFrom(household.addr, it, 10);
    }

    function test_WhenTheCallersAllowanceIsUnlimited() external {
        vm.prank(household.addr);
        credit.approve(company.addr, type(uint256).max);
        vm.prank(company.addr);
        credit.retireFrom(household.addr, it, 10);
        assertEq(credit.allowance(household.addr, company.addr), type(uint256).max);
        assertEq(credit.balanceOf(household.addr), 30);
    }

    function test_WhenTheCallerHasAnAllowance() external {
        vm.prank(household.addr);
        credit.approve(company.addr, 121);
        vm.expectEmit(address(credit));
        emit IERC20.Approval(household.addr, company.addr, 1);
        vm.expectEmit(address(credit));
        emit IERC3009.AuthorizationUsed(company.addr, it.nonce);
        _expectRetiredBy(company.addr, household.addr, first, 100, second, 20);
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
        Retirement memory signed = it;
        for (uint256 field = 0; field < 7; ++field) {
            it = signed;
            if (field == 0) it.kg -= 1;
            if (field == 1) it.batchIds.push(second);
            if (field == 2) it.earliestVintage = 1;
            if (field == 3) it.commitment = keccak256("another beneficiary");
            if (field == 4) it.reason += 1;
            if (field == 5) it.period += 1;
            if (field == 6) it.nonce = keccak256("other nonce");
            _expectInvalidSignature();
            _retireSigned(signature);
        }
        it = signed;
        _expectInvalidSignature();
        credit.retireWithAuthorization(household.addr, it, 1, VALID_BEFORE, 10, signature);
        _expectInvalidSignature();
        credit.retireWithAuthorization(household.addr, it, 0, VALID_BEFORE + 1, 10, signature);
    }

    function test_RevertWhen_TheAuthorizationIsAnotherHolders() external {
        bytes memory signature = signCredit(company, TypedData.retirement(household.addr, it, 0, VALID_BEFORE));
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationIsForAnotherToken() external {
        bytes memory signature = _authorization();
        credit = new CarbonCredit(credit.name(), credit.symbol(), CreditClass.Micro, 2, DAILY_CAP_KG, address(manager));
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_RevertWhen_TheAuthorizationIsToTransfer() external {
        bytes32 structHash =
            TypedData.authorization("Transfer", household.addr, stranger, it.kg, VALID_BEFORE, it.nonce);
        bytes memory signature = signCredit(household, structHash);
        _expectInvalidSignature();
        _retireSigned(signature);
    }

    function test_WhenItIsTheLastSecondOfTheAuthorization() external {
        bytes memory signature = _authorization();
        vm.warp(VALID_BEFORE - 1);
        _retireSigned(signature);
        assertEq(credit.balanceOf(household.addr), 30);
    }

    function test_WhenTheSubmitterChoosesHowManyBatches() external {
        bytes memory signature = _authorization();
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, 120, 100));
        credit.retireWithAuthorization(household.addr, it, 0, VALID_BEFORE, 1, signature);
        credit.retireWithAuthorization(household.addr, it, 0, VALID_BEFORE, 2, signature);
        assertEq(credit.balanceOf(household.addr), 30);
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

    /// @dev The order of what is named decides; whose credits they were does not.
    function test_WhenTheAuthorizationNamesBatches() external {
        it.batchIds = [second, first];
        _expectRetired(household.addr, second, 50, first, 70);
        _retireSigned(_authorization());
        assertSums(listOf(first, second));
    }

    /// @dev Any retirement within the balance takes exactly its kilograms from the batches, and no more.
    function testFuzz_WhenTheAmountIsAnything(uint256 kg, bool isNamed) external {
        it.kg = bound(kg, 1, 150);
        if (isNamed) it.batchIds = [second, first];
        _retire();
        assertSums(listOf(first, second));
        assertEq(credit.batchKg(first).retiredKg + credit.batchKg(second).retiredKg, it.kg);
        assertEq(credit.balanceOf(household.addr), 150 - it.kg);
        assertEq(credit.attributable(), 150 - it.kg);
    }

    function _expectRetired(address holder, bytes32 batch1, uint256 kg1, bytes32 batch2, uint256 kg2) private {
        _expectRetiredBy(holder, holder, batch1, kg1, batch2, kg2);
    }

    function _expectRetiredBy(address author, address holder, bytes32 batch1, uint256 kg1, bytes32 batch2, uint256 kg2)
        private
    {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsRetired(
            keccak256(abi.encode(author, it.nonce)),
            holder,
            kg1 + kg2,
            listOf(batch1, batch2),
            listOf(kg1, kg2),
            it.reason,
            it.period,
            it.commitment
        );
    }

    function _expectTooWide() private {
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, it.kg));
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidHolderSignature.selector, household.addr));
    }
}
