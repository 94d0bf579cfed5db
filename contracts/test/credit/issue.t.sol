// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

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
        _expectLengthMismatch(1, 1, 2);
        _issue();
        it.kg.push(1);
        _expectLengthMismatch(1, 2, 2);
        _issue();
        it.creditIds.pop();
        _expectLengthMismatch(1, 2, 1);
        _issue();
        it.recipients.push(company.addr);
        _expectLengthMismatch(2, 2, 1);
        _issue();
    }

    function test_RevertWhen_ThereIsNoRecipient() external {
        (it.recipients, it.kg, it.creditIds) = (new address[](0), new uint256[](0), new uint256[](0));
        _expectLengthMismatch(0, 0, 0);
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
        Issuance memory signed = it;
        for (uint256 field = 0; field < 7; ++field) {
            it = signed;
            if (field == 0) it.index += 1;
            if (field == 1) it.recordsRoot = keccak256("other records");
            if (field == 2) it.recipients[0] = company.addr;
            if (field == 3) it.kg[0] += 1;
            if (field == 4) it.creditIds[0] += 1;
            if (field == 5) it.bufferKg += 1;
            if (field == 6) it.deadline += 1;
            _expectInvalidSignature();
            _issueSigned(signature);
        }
    }

    function test_RevertWhen_TheSignatureIsOverAnotherBatch() external {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        terms = termsOfYear(1);
        it.batchId = credit.batchIdOf(terms);
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
        bytes2[6] memory noCountries = [bytes2("us"), "Us", "uS", "U[", "@S", "U"];
        for (uint256 i = 0; i < noCountries.length; ++i) {
            _changeTerms(3, noCountries[i]);
            _expectInvalidTerms("country");
            _issue();
        }

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

    function test_WhenTheTermsAreAtTheirLimits() external {
        _changeTerms(2, "AZ");
        _issue();
        it.creditIds[0] = creditId(2);
        terms.vintageEnd = terms.vintageStart + 1;
        _changeTerms(4, "ZA");
        _issue();
        assertEq(credit.balanceOf(household.addr), 1800);
    }

    function test_WhenItIsTheLastSecondOfBoth() external {
        it.deadline = terms.closesAt - 1;
        vm.warp(terms.closesAt - 1);
        _issue();
        assertEq(credit.balanceOf(household.addr), 900);
    }

    function test_RevertWhen_TheIndexIsNotTheNextOne() external {
        it.index = 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.IndexMismatch.selector, it.batchId, 1, 0));
        _issue();
        it.index = 0;
        _issue();
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.IndexMismatch.selector, it.batchId, 0, 1));
        _issue();
        it.index = 2;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.IndexMismatch.selector, it.batchId, 2, 1));
        _issue();
    }

    function test_RevertWhen_TheRecipientIsTheTokenItself() external {
        it.recipients[0] = address(credit);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(credit)));
        _issue();
    }

    function test_RevertWhen_ARecipientIsNobody() external {
        it.recipients[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _issue();
    }

    function test_WhenTheBatchIsNew() external {
        assertEq(credit.nextIndex(it.batchId), 0);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.BatchOpened(it.batchId, terms);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsIssued(it.batchId, 0, issuer, it.recordsRoot, 900, 100);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(0), address(credit), 100);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(address(0), household.addr, 900);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditMinted(household.addr, 900, "CRD-2025-000001");
        _issue();

        assertEq(credit.nextIndex(it.batchId), 1);
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
        it = issuanceOf(terms, company.addr, 450);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.recordLogs();
        _issueSigned(signature);

        // The issuance, the buffer's transfer, the credit's transfer, the credit: the batch is not opened once more.
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 4);
        assertEq(logs[0].topics[0], ICarbonCredit.CreditsIssued.selector);
        assertEq(logs[0].topics[2], bytes32(uint256(1)));
        assertBatchKg(it.batchId, 1350, 150, 0);
        assertEq(credit.nextIndex(it.batchId), 2);
        assertEligible(listOf(it.batchId, later));
        assertSums(listOf(it.batchId, later));
    }

    function test_WhenAnotherIssuerSubmits() external {
        vm.prank(admin);
        manager.grantRole(Roles.ISSUER, stranger, 0);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsIssued(it.batchId, 0, stranger, it.recordsRoot, 900, 100);
        vm.prank(stranger);
        credit.issue(terms, it, signature);
    }

    function test_WhenRecipientsAreSeveral() external {
        it.recipients = [household.addr, company.addr, household.addr];
        it.kg = [uint256(100), 200, 600];
        it.creditIds = [creditId(1), creditId(300), creditId(2)];
        string[3] memory texts = ["CRD-2025-000001", "CRD-2025-000300", "CRD-2025-000002"];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectEmit(address(credit));
            emit IERC20.Transfer(address(0), it.recipients[i], it.kg[i]);
            vm.expectEmit(address(credit));
            emit ICarbonCredit.CreditMinted(it.recipients[i], it.kg[i], texts[i]);
        }
        _issue();
        assertEq(credit.balanceOf(household.addr), 700);
        assertEq(credit.balanceOf(company.addr), 200);
    }

    function test_WhenTheBatchWasEmptiedByRetirements() external {
        issueTo(household.addr, 900);
        bytes32 later = issueInto(termsOfYear(1), household.addr, 90);
        vm.prank(household.addr);
        credit.retire(defaultRetirement(900), 1);
        issueTo(household.addr, 9);

        assertEligible(listOf(later, it.batchId));
    }

    function test_WhenTheVerifierHasCode() external {
        terms.verifier = address(new OwnedWallet(verifier.addr));
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, terms.verifier, 0);
        it = issuanceOf(terms, household.addr, 900);
        _issue();
        assertEq(credit.balanceOf(household.addr), 900);
    }

    function _changeTerms(uint8 level, bytes2 country) private {
        (terms.level, terms.country) = (level, country);
        it.batchId = credit.batchIdOf(terms);
    }

    function _expectLengthMismatch(uint256 recipients, uint256 kg, uint256 creditIds) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LengthMismatch.selector, recipients, kg, creditIds));
    }

    function _expectInvalidTerms(string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidTerms.selector, field));
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidVerifierSignature.selector, verifier.addr));
    }
}
