// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {Roles} from "../../src/Roles.sol";
import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract IssueTest is Base {
    BatchTerms private terms;
    Issuance private it;

    function setUp() public override {
        super.setUp();
        terms = defaultTerms();
        it = issuanceOf(terms, household.addr, 900);
    }

    function _issue() private {
        _issueSigned(signCredit(verifier, TypedData.issuance(it)));
    }

    function _issueSigned(bytes memory signature) private {
        vm.prank(issuer);
        credit.issue(terms, it, signature);
    }

    function test_RevertWhen_TheCallerIsNoIssuer() external {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        credit.issue(terms, it, signature);
    }

    function test_RevertWhen_TheIssuanceNamesAnotherBatchThanItsTerms() external {
        terms.bufferBps = 0;
        bytes32 termsId = credit.batchIdOf(terms);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchMismatch.selector, it.batchId, termsId));
        _issue();
    }

    function test_RevertWhen_TheBatchIsClosed() external {
        vm.warp(terms.closesAt);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BatchClosed.selector, it.batchId, terms.closesAt));
        _issue();
    }

    function test_RevertWhen_TheDeadlineIsPast() external {
        vm.warp(it.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.IssuanceExpired.selector, it.deadline));
        _issue();
    }

    function test_RevertWhen_TheListsDifferInLength() external {
        it.creditIds.push(creditId(2));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LengthMismatch.selector, 1, 1, 2));
        _issue();
    }

    function test_RevertWhen_ThereIsNoRecipient() external {
        (it.recipients, it.kg, it.creditIds) = (new address[](0), new uint256[](0), new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LengthMismatch.selector, 0, 0, 0));
        _issue();
    }

    function test_RevertWhen_TheSignerLostTheVerifierRole() external {
        vm.prank(admin);
        manager.revokeRole(Roles.VERIFIER, verifier.addr);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotVerifier.selector, verifier.addr));
        _issue();
    }

    function test_RevertWhen_TheVerifierIsAnIssuerToo() external {
        vm.prank(admin);
        manager.grantRole(Roles.ISSUER, verifier.addr, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.VerifierIsIssuer.selector, verifier.addr));
        _issue();
    }

    function test_RevertWhen_TheSignatureIsAnotherAccounts() external {
        bytes memory signature = signCredit(household, TypedData.issuance(it));
        _expectInvalidSignature();
        _issueSigned(signature);
    }

    function test_RevertWhen_TheSignatureIsOverAnotherIssuance() external {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        it.kg[0] += 1;
        _expectInvalidSignature();
        _issueSigned(signature);
    }

    function test_RevertWhen_TheSignatureIsForAnotherChain() external {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.chainId(block.chainid + 1);
        _expectInvalidSignature();
        _issueSigned(signature);
    }

    function test_RevertWhen_TheSignatureIsForAnotherContract() external {
        bytes32 elsewhere = TypedData.domain(credit.name(), block.chainid, address(market));
        bytes memory signature = sign(verifier, elsewhere, TypedData.issuance(it));
        _expectInvalidSignature();
        _issueSigned(signature);
    }

    function test_RevertWhen_TheSignatureIsMalleated() external {
        bytes memory signature = malleate(signCredit(verifier, TypedData.issuance(it)));
        _expectInvalidSignature();
        _issueSigned(signature);
    }

    function test_RevertWhen_TheLevelIsBelowTheTokensLowest() external {
        _changeTerms(1, "US");
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LevelTooLow.selector, 1, 2));
        _issue();
    }

    function test_RevertWhen_TheLevelDoesNotExist() external {
        _changeTerms(5, "US");
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidLevel.selector, 5));
        _issue();
    }

    function test_RevertWhen_ATermIsNotWellFormed() external {
        _changeTerms(3, "us");
        _expectInvalidTerms("country");
        _issue();

        terms = defaultTerms();
        terms.source = bytes32(0);
        _changeTerms(3, "US");
        _expectInvalidTerms("source");
        _issue();

        terms = defaultTerms();
        terms.vintageEnd = terms.vintageStart;
        _changeTerms(3, "US");
        _expectInvalidTerms("vintageEnd");
        _issue();

        terms = defaultTerms();
        terms.bufferBps = 10_000;
        _changeTerms(3, "US");
        _expectInvalidTerms("bufferBps");
        _issue();
    }

    function test_RevertWhen_TheIndexIsNotTheNextOne() external {
        it.index = 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.IndexMismatch.selector, it.batchId, 1, 0));
        _issue();
    }

    function test_RevertWhen_ACreditIsOfZeroKg() external {
        it.kg[0] = 0;
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        _issue();
    }

    function test_RevertWhen_TheDayCapWouldBeExceeded() external {
        vm.prank(admin);
        credit.setDailyIssueCap(999);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.DailyIssueCapExceeded.selector, issuer, 1000, 999));
        _issue();
    }

    function test_RevertWhen_TheBufferIsTooSmall() external {
        // 900 kg with 99 kg of buffer are 999 kg: a tenth of them, rounded up, is 100.
        it.bufferKg = 99;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.BufferTooSmall.selector, it.batchId, 99, 100));
        _issue();
    }

    function test_RevertWhen_TheRecipientIsTheTokenItself() external {
        it.recipients[0] = address(credit);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(credit)));
        _issue();
    }

    function test_RevertWhen_TheCreditIdHasNoFourDigitYear() external {
        it.creditIds[0] = (999 << 40) | 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidCreditId.selector, it.creditIds[0]));
        _issue();
    }

    function test_RevertWhen_TheCreditIdWasUsed() external {
        _issue();
        it.index = 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.CreditIdUsed.selector, it.creditIds[0]));
        _issue();
    }

    function test_WhenTheBatchIsNew() external {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchOpened(it.batchId, terms);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsIssued(it.batchId, 0, issuer, it.recordsRoot, 900, 100);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditMinted(household.addr, 900, "CRD-2025-000001");
        _issue();

        assertBatchKg(it.batchId, 900, 100, 0);
        assertEq(credit.balanceOf(household.addr), 900);
        assertEq(credit.balanceOf(address(credit)), 100);
        assertEq(credit.attributable(), 900);
        assertTrue(credit.isCreditIdUsed(it.creditIds[0]));
        (bytes32[] memory batchIds, uint256[] memory kgs) = credit.nextEligible(10);
        assertEq(batchIds.length, 1);
        assertEq(batchIds[0], it.batchId);
        assertEq(kgs[0], 900);
    }

    function test_WhenTheBatchIsOpen() external {
        issueTo(household.addr, 900);
        bytes32 later = issueInto(termsOfYear(1), household.addr, 90);
        issueTo(company.addr, 450);

        assertBatchKg(it.batchId, 1350, 150, 0);
        assertEq(credit.nextIndex(it.batchId), 2);
        (bytes32[] memory batchIds,) = credit.nextEligible(10);
        assertEq(batchIds.length, 2);
        assertEq(batchIds[0], it.batchId);
        assertEq(batchIds[1], later);
    }

    function test_WhenTheBatchWasEmptiedByRetirements() external {
        issueTo(household.addr, 900);
        bytes32 later = issueInto(termsOfYear(1), household.addr, 90);
        vm.prank(household.addr);
        credit.retire(defaultRetirement(900), 1);
        issueTo(household.addr, 9);

        (bytes32[] memory batchIds,) = credit.nextEligible(10);
        assertEq(batchIds[0], later);
        assertEq(batchIds[1], it.batchId);
    }

    function test_WhenTheBufferSoFarCoversTheShare() external {
        it.bufferKg = 200;
        _issue();
        it.index = 1;
        it.creditIds[0] = creditId(2);
        it.bufferKg = 0;
        _issue();
        assertBatchKg(it.batchId, 1800, 200, 0);
    }

    function test_WhenANewDayStarts() external {
        vm.prank(admin);
        credit.setDailyIssueCap(1000);
        _issue();
        assertEq(credit.issuedTodayKg(issuer), 1000);

        vm.warp(block.timestamp + 1 days);
        assertEq(credit.issuedTodayKg(issuer), 0);
        issueTo(household.addr, 450);
        assertEq(credit.issuedTodayKg(issuer), 500);
    }

    function test_WhenTheVerifierHasCode() external {
        terms.verifier = address(new OwnedWallet(verifier.addr));
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, terms.verifier, 0);
        it = issuanceOf(terms, household.addr, 900);
        _issue();
        assertEq(credit.balanceOf(household.addr), 900);
    }

    /// @dev Whatever the sizes, the books hold and nobody gets more than was issued to them.
    function testFuzz_WhenTheSizesAreAnything(uint64[] calldata sizes, uint16 bufferBps) external {
        vm.assume(sizes.length > 0 && sizes.length <= 50);
        terms.bufferBps = uint16(bound(bufferBps, 0, 9999));
        it = issuanceOf(terms, household.addr, 1);
        it.recipients = new address[](sizes.length);
        it.kg = new uint256[](sizes.length);
        it.creditIds = new uint256[](sizes.length);
        uint256 kg = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            (it.recipients[i], it.kg[i], it.creditIds[i]) = (household.addr, bound(sizes[i], 1, 1e12), creditId(i));
            kg += it.kg[i];
        }
        it.bufferKg = bufferFor(kg, terms.bufferBps);
        vm.prank(admin);
        credit.setDailyIssueCap(type(uint128).max);
        _issue();

        assertBatchKg(it.batchId, kg, it.bufferKg, 0);
        assertEq(credit.balanceOf(household.addr), kg);
        assertEq(credit.totalSupply(), kg + it.bufferKg);
    }

    function _changeTerms(uint8 level, bytes2 country) private {
        (terms.level, terms.country) = (level, country);
        it.batchId = credit.batchIdOf(terms);
    }

    function _expectInvalidTerms(string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidTerms.selector, field));
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidVerifierSignature.selector, verifier.addr));
    }
}
