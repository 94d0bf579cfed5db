// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {stdError} from "forge-std/StdError.sol";
import {Vm} from "forge-std/Vm.sol";

import {Roles} from "../../src/Roles.sol";
import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice How much can be issued, with how much of a buffer, under which credit ids.
contract AmountsTest is Base {
    BatchTerms private terms;
    Issuance private it;

    function setUp() public override {
        super.setUp();
        terms = defaultTerms();
        it = issuanceOf(terms, household.addr, 900);
    }

    function _issue() private {
        _issueBy(issuer);
    }

    function _issueBy(address issuer_) private {
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.prank(issuer_);
        credit.issue(terms, it, signature);
    }

    /// @dev The next issuance of one credit.
    function _next(uint256 kg, uint256 bufferKg) private {
        it.index = credit.nextIndex(it.batchId);
        it.creditIds[0] = creditId(1000 + it.index);
        (it.kg[0], it.bufferKg) = (kg, bufferKg);
    }

    function _setCap(uint256 kg) private {
        vm.prank(admin);
        credit.setDailyIssueCap(kg);
    }

    function _setShare(uint16 bufferBps) private {
        terms.bufferBps = bufferBps;
        it.batchId = credit.batchIdOf(terms);
    }

    function _expectCapExceeded(uint256 kg, uint256 leftKg) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.DailyIssueCapExceeded.selector, issuer, kg, leftKg));
    }

    function _expectBufferTooSmall(uint256 bufferedKg, uint256 requiredKg) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICarbonCredit.BufferTooSmall.selector, it.batchId, bufferedKg, requiredKg)
        );
    }

    function _expectInvalidCreditId() private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidCreditId.selector, it.creditIds[0]));
    }

    function _expectTooWide(uint8 bits, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, bits, value));
    }

    /* CAP */

    function test_RevertWhen_ACreditIsOfZeroKg() external {
        it.kg[0] = 0;
        vm.expectRevert(ICarbonCredit.ZeroKg.selector);
        _issue();
    }

    function test_RevertWhen_TheDayCapWouldBeExceeded() external {
        _setCap(999);
        _expectCapExceeded(1000, 999);
        _issue();
        _setCap(1001);
        _issue();
        _next(1, 1);
        _expectCapExceeded(2, 1);
        _issue();
    }

    function test_RevertWhen_TheCapWasLoweredBelowWhatWasIssued() external {
        _issue();
        _setCap(500);
        _next(1, 1);
        _expectCapExceeded(2, 0);
        _issue();
    }

    function test_WhenTheDayCapIsJustReached() external {
        _setCap(1000);
        _issue();
        assertEq(credit.issuedTodayKg(issuer), 1000);
    }

    function test_WhenANewDayStarts() external {
        _setCap(1000);
        _issue();
        vm.warp(NOW + 1 days - 1);
        _next(1, 1);
        _expectCapExceeded(2, 0);
        _issue();

        vm.warp(NOW + 1 days);
        assertEq(credit.issuedTodayKg(issuer), 0);
        issueTo(household.addr, 450);
        assertEq(credit.issuedTodayKg(issuer), 500);
    }

    function test_WhenTwoIssuersIssue() external {
        vm.prank(admin);
        manager.grantRole(Roles.ISSUER, company.addr, 0);
        _setCap(1000);
        _issue();
        _next(450, 50);
        _issueBy(company.addr);
        assertEq(credit.issuedTodayKg(issuer), 1000);
        assertEq(credit.issuedTodayKg(company.addr), 500);
        assertEq(credit.issuedTodayKg(stranger), 0);
    }

    /* THE LARGEST AMOUNTS */

    function test_RevertWhen_TheSumIsMoreThanFits() external {
        _setShare(0);
        _setCap(type(uint256).max);
        it.recipients = [household.addr, company.addr];
        it.kg = [type(uint256).max, 1];
        it.creditIds = [creditId(1), creditId(2)];
        vm.expectRevert(stdError.arithmeticError);
        _issue();

        it.kg[0] = type(uint256).max - 1;
        it.bufferKg = 1;
        vm.expectRevert(stdError.arithmeticError);
        _issue();

        it.kg[0] = type(uint192).max;
        it.bufferKg = 0;
        _expectTooWide(192, 2 ** 192);
        _issue();

        it.kg[0] = type(uint128).max;
        _expectTooWide(128, 2 ** 128);
        _issue();
    }

    function test_WhenTheBatchHoldsTheMostThatFits() external {
        _setCap(type(uint256).max);
        uint256 bufferKg = type(uint128).max / uint256(10) + 1;
        _next(type(uint128).max - bufferKg, bufferKg);
        _issue();
        assertBatchKg(it.batchId, type(uint128).max - bufferKg, bufferKg, 0, 0, 0);
        assertSums(listOf(it.batchId));
        _next(1, 0);
        _expectTooWide(128, 2 ** 128);
        _issue();

        reverse(it.batchId, type(uint128).max, noBatches());
        assertDeficit(it.batchId, type(uint128).max - bufferKg, 0);
        assertSums(listOf(it.batchId));
    }

    /* BUFFER */

    function test_RevertWhen_TheBufferIsTooSmall() external {
        // 900 kg with 99 kg of buffer are 999 kg: a tenth of them, rounded up, is 100.
        it.bufferKg = 99;
        _expectBufferTooSmall(99, 100);
        _issue();
    }

    function test_WhenTheBufferSoFarCoversTheShare() external {
        it.bufferKg = 200;
        _issue();
        _next(900, 0);
        _issue();
        assertBatchKg(it.batchId, 1800, 200, 0);
        _next(1, 0);
        _expectBufferTooSmall(200, 201);
        _issue();
    }

    function test_WhenThereIsNoBuffer() external {
        _setShare(0);
        it.bufferKg = 0;
        vm.recordLogs();
        _issue();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bool isTransfer = logs[i].topics[0] == IERC20.Transfer.selector;
            assertFalse(isTransfer && logs[i].topics[2] == bytes32(uint256(uint160(address(credit)))));
        }
        assertBatchKg(it.batchId, 900, 0, 0, 0, 0);
    }

    /// @dev What the token asks for, by the definition: the share of all that was issued, rounded up to the whole kg.
    function _requiredKg(uint256 issuedKg) private view returns (uint256 kg) {
        kg = issuedKg * terms.bufferBps / 10_000;
        if (kg * 10_000 < issuedKg * terms.bufferBps) ++kg;
    }

    function testFuzz_WhenTheShareIsAnything(uint16 bufferBps, uint256 kg) external {
        _setShare(uint16(bound(bufferBps, 1, 9999)));
        _setCap(type(uint256).max);
        kg = bound(kg, 1, 2 ** 90);
        uint256 bufferKg = bufferFor(kg, terms.bufferBps);

        _next(kg, bufferKg - 1);
        _expectBufferTooSmall(bufferKg - 1, _requiredKg(kg + bufferKg - 1));
        _issue();
        _next(kg, bufferKg);
        _issue();
        assertGe(bufferKg * 10_000, (kg + bufferKg) * terms.bufferBps, "less than its share");
        assertLt((bufferKg - 1) * 10_000, (kg + bufferKg) * terms.bufferBps, "a kilogram more than its share");
    }

    /// @dev In however many parts, the buffer is the share of the sum: rounding never adds up.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WhenABatchIsIssuedIntoInParts(uint16 bufferBps, uint32[8] calldata kgs) external {
        _setShare(uint16(bound(bufferBps, 0, 9999)));
        _setCap(type(uint256).max);
        uint256 sumKg = 0;
        uint256 bufferedKg = 0;
        for (uint256 i = 0; i < kgs.length; ++i) {
            uint256 kg = uint256(kgs[i]) + 1;
            sumKg += kg;
            uint256 bufferKg = bufferFor(sumKg, terms.bufferBps) - bufferedKg;
            if (bufferKg > 0) {
                _next(kg, bufferKg - 1);
                vm.expectPartialRevert(ICarbonCredit.BufferTooSmall.selector);
                _issue();
            }
            _next(kg, bufferKg);
            _issue();
            bufferedKg += bufferKg;
        }
        assertBatchKg(it.batchId, sumKg, bufferedKg, 0, 0, 0);
        assertGe(bufferedKg * 10_000, (sumKg + bufferedKg) * terms.bufferBps);
        assertTrue(bufferedKg == 0 || (bufferedKg - 1) * 10_000 < (sumKg + bufferedKg) * terms.bufferBps);
        assertEq(credit.nextIndex(it.batchId), kgs.length);
    }

    /// @dev Whatever the sizes, the books hold and nobody gets more than was issued to them.
    function testFuzz_WhenTheSizesAreAnything(uint64[] calldata sizes, uint16 bufferBps) external {
        vm.assume(sizes.length > 0);
        uint256 length = sizes.length > 20 ? 20 : sizes.length;
        _setShare(uint16(bound(bufferBps, 0, 9999)));
        (it.recipients, it.kg, it.creditIds) = (new address[](length), new uint256[](length), new uint256[](length));
        uint256 kg = 0;
        for (uint256 i = 0; i < length; ++i) {
            (it.recipients[i], it.kg[i], it.creditIds[i]) = (household.addr, bound(sizes[i], 1, 1e12), creditId(i));
            kg += it.kg[i];
        }
        it.bufferKg = bufferFor(kg, terms.bufferBps);
        _setCap(type(uint128).max);
        _issue();

        assertBatchKg(it.batchId, kg, it.bufferKg, 0, 0, 0);
        assertEq(credit.balanceOf(household.addr), kg);
        assertEq(credit.totalSupply(), kg + it.bufferKg);
        assertSums(listOf(it.batchId));
    }

    /* CREDIT IDS */

    function test_RevertWhen_TheCreditIdHasNoFourDigitYear() external {
        uint256[4] memory creditIds = [uint256(999 << 40) | 2 ** 40 - 1, 10_000 << 40, 0, type(uint256).max];
        for (uint256 i = 0; i < creditIds.length; ++i) {
            it.creditIds[0] = creditIds[i];
            _expectInvalidCreditId();
            _issue();
        }
    }

    function test_RevertWhen_TheCreditIdWasUsed() external {
        _issue();
        uint256 used = it.creditIds[0];
        _next(900, 100);
        it.creditIds[0] = used;
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.CreditIdUsed.selector, used));
        _issue();

        it.recipients = [household.addr, company.addr];
        it.kg = [uint256(450), 450];
        it.creditIds = [creditId(7), creditId(7)];
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.CreditIdUsed.selector, creditId(7)));
        _issue();
    }

    /// @dev Every second id of a run that crosses from one word of the bitmap into the next, and both ends of the range.
    function test_WhenIdsLieSideBySide() external {
        uint256[5] memory creditIds = [creditId(254), creditId(256), creditId(258), 1000 << 40, (10_000 << 40) - 1];
        for (uint256 i = 0; i < creditIds.length; ++i) {
            _next(9, 1);
            it.creditIds[0] = creditIds[i];
            assertFalse(credit.isCreditIdUsed(creditIds[i]));
            _issue();
            assertTrue(credit.isCreditIdUsed(creditIds[i]));
            assertFalse(credit.isCreditIdUsed(creditIds[i] - 1));
            assertFalse(credit.isCreditIdUsed(creditIds[i] + 1));
        }
    }

    /* VIEWS */

    function test_WhenTheBatchIsUnknown() external view {
        assertBatchKg(bytes32("nowhere"), 0, 0, 0, 0, 0);
        assertEq(credit.batchKg(bytes32("nowhere")).issuedKg, 0);
    }

    function test_WhenAnyNumberOfIssuancesWereMade() external {
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(credit.nextIndex(it.batchId), i);
            _next(9, 1);
            _issue();
        }
        assertEq(credit.nextIndex(it.batchId), 3);
        assertEq(credit.nextIndex(bytes32("nowhere")), 0);
    }
}
