// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {BatchTerms, ICarbonCredit, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";

/// @notice The eligible list: what retirements draw from, and that nothing in it can stop them.
contract EligibleTest is Base {
    uint256 private constant DUST = 300;
    /// @dev What no call of this system may need more of.
    uint256 private constant MOST_GAS = 16_000_000;

    bytes32[] private batchIds;
    mapping(bytes32 batchId => uint64) private vintageStartOf;
    Retirement private it;

    function setUp() public override {
        super.setUp();
        it = defaultRetirement(500);
    }

    function _retire(uint256 maxBatches) private {
        vm.prank(household.addr);
        credit.retire(it, maxBatches);
    }

    function _expectNotAttributable(uint256 kg) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, it.kg, kg));
    }

    /// @dev A batch like no other, told apart by its closing time.
    function _issue(uint64 vintageStart, uint256 kg) private returns (bytes32 batchId) {
        BatchTerms memory terms = defaultTerms();
        terms.vintageStart = vintageStart;
        terms.closesAt += uint64(batchIds.length);
        terms.bufferBps = 0;
        batchId = issueInto(terms, household.addr, kg);
        batchIds.push(batchId);
        vintageStartOf[batchId] = vintageStart;
    }

    /// @dev Three hundred batches of a kilogram, and behind them one that can give 500.
    function _fillWithDust() private returns (bytes32 last) {
        for (uint256 i = 0; i < DUST; ++i) {
            _issue(YEAR_2025, 1);
        }
        return _issue(YEAR_2025 + 1, 500);
    }

    /* NEXT ELIGIBLE */

    function test_WhenNothingWasIssued() external view {
        assertEligible(noBatches());
    }

    function test_WhenMoreIsAskedForThanThereIs() external {
        bytes32 batchId = issueTo(household.addr, 10);
        (bytes32[] memory listed, uint256[] memory kgs) = credit.nextEligible(type(uint256).max);
        assertEq(listed, listOf(batchId));
        assertEq(kgs, listOf(10));
    }

    function test_WhenLessIsAskedForThanThereIs() external {
        bytes32 head = issueTo(household.addr, 10);
        bytes32 next = issueInto(termsOfYear(1), household.addr, 20);
        issueInto(termsOfYear(2), household.addr, 30);
        (bytes32[] memory listed, uint256[] memory kgs) = credit.nextEligible(2);
        assertEq(listed, listOf(head, next));
        assertEq(kgs, listOf(10, 20));
        (listed, kgs) = credit.nextEligible(0);
        assertEq(listed.length, 0);
        assertEq(kgs.length, 0);
    }

    /* DUST */

    function test_WhenDustFillsTheHeadOfTheList() external {
        bytes32 last = _fillWithDust();
        _expectNotAttributable(20);
        _retire(20);
        _expectNotAttributable(DUST);
        _retire(DUST);

        uint256 gasBefore = gasleft();
        _retire(DUST + 1);
        assertLt(gasBefore - gasleft(), MOST_GAS);
        assertBatchKg(last, 300, 0, 200);
        assertEligible(listOf(last));
        assertSums(batchIds);
    }

    function test_WhenBatchesBehindTheDustAreNamed() external {
        it.batchIds = [_fillWithDust()];
        uint256 gasBefore = gasleft();
        _retire(0);
        assertLt(gasBefore - gasleft(), 200_000);
        assertBatchKg(it.batchIds[0], 0, 0, 500);
        assertEq(credit.attributable(), DUST);
    }

    function test_WhenTheDustIsTooOldAVintage() external {
        bytes32 last = _fillWithDust();
        it.earliestVintage = YEAR_2025 + 1;
        _expectNotAttributable(0);
        _retire(DUST);
        _retire(DUST + 1);
        assertBatchKg(last, 0, 0, 500);
    }

    function test_WhenTheDustIsSuspendedOrReversed() external {
        bytes32 last = _fillWithDust();
        for (uint256 i = 0; i < DUST; ++i) {
            if (i % 2 == 0) suspend(batchIds[i]);
            else reverse(batchIds[i], 1, noBatches());
        }
        _retire(1);
        assertBatchKg(last, 0, 0, 500);
        assertEligible(noBatches());
        assertSums(batchIds);
    }

    /* ANY LIST */

    /// @dev Batches of any size, vintage and state; a retirement that names some, twice too, or none. What it must take
    /// of each follows from the state that anyone can read before.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WhenTheListIsRandom(uint256[8] calldata seeds, uint256 kg, uint64 earliest, uint8 most) external {
        for (uint256 i = 0; i < seeds.length; ++i) {
            _issue(YEAR_2025 + uint64(seeds[i] >> 8) % 4, 1 + seeds[i] % 100);
        }
        for (uint256 i = 0; i < seeds.length; ++i) {
            _unsettle(batchIds[i], seeds[i] >> 16);
        }
        if (earliest % 2 == 0) it.earliestVintage = YEAR_2025 + earliest / 2 % 4;
        uint256 maxBatches = most % 10;
        bool isNamed = most >= 128;
        if (isNamed) {
            for (uint256 i = 0; i < maxBatches; ++i) {
                it.batchIds.push(batchIds[(seeds[i % 8] >> 24) % 8]);
            }
        }
        it.kg = bound(kg, 1, 300);

        bytes32[] memory inOrder = it.batchIds;
        if (inOrder.length == 0) (inOrder,) = credit.nextEligible(maxBatches);
        (uint256[] memory takenKg, uint256 sumKg) = _expected(inOrder);
        if (sumKg < it.kg) {
            _expectNotAttributable(sumKg);
            _retire(maxBatches);
            return;
        }
        uint256[] memory before = _retiredKg(inOrder);
        _retire(maxBatches);
        uint256[] memory afterwards = _retiredKg(inOrder);
        for (uint256 i = 0; i < inOrder.length; ++i) {
            assertEq(afterwards[i] - before[i], _sumOf(inOrder, takenKg, inOrder[i]));
        }
        assertSums(batchIds);
    }

    /// @dev Leaves a batch as it is, suspends or reverses it, or retires some or all of it.
    function _unsettle(bytes32 batchId, uint256 seed) private {
        uint256 circulatingKg = credit.batchKg(batchId).circulatingKg;
        if (seed % 8 == 0) return suspend(batchId);
        if (seed % 8 == 1) return reverse(batchId, circulatingKg, noBatches());
        if (seed % 8 > 4) return;
        Retirement memory some = defaultRetirement(seed % 8 == 2 ? circulatingKg : 1 + (seed >> 8) % circulatingKg);
        (some.batchIds, some.nonce) = (listOf(batchId), batchId);
        vm.prank(household.addr);
        credit.retire(some, 0);
    }

    /// @dev What each of these batches has to give, first ones first, and how much that is in all.
    function _expected(bytes32[] memory inOrder) private view returns (uint256[] memory takenKg, uint256 sumKg) {
        takenKg = new uint256[](inOrder.length);
        for (uint256 i = 0; i < inOrder.length; ++i) {
            if (credit.batchStatus(inOrder[i]).suspended || credit.batchStatus(inOrder[i]).reversed) continue;
            if (vintageStartOf[inOrder[i]] < it.earliestVintage) continue;
            uint256 leftKg = credit.batchKg(inOrder[i]).circulatingKg - _sumOf(inOrder, takenKg, inOrder[i]);
            takenKg[i] = Math.min(leftKg, it.kg - sumKg);
            sumKg += takenKg[i];
        }
    }

    function _retiredKg(bytes32[] memory inOrder) private view returns (uint256[] memory kgs) {
        kgs = new uint256[](inOrder.length);
        for (uint256 i = 0; i < inOrder.length; ++i) {
            kgs[i] = credit.batchKg(inOrder[i]).retiredKg;
        }
    }

    function _sumOf(bytes32[] memory inOrder, uint256[] memory kgs, bytes32 batchId) private pure returns (uint256 kg) {
        for (uint256 i = 0; i < inOrder.length; ++i) {
            if (inOrder[i] == batchId) kg += kgs[i];
        }
    }
}
