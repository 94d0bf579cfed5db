// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {RetirementCertificate} from "../../src/RetirementCertificate.sol";
import {TestDollar} from "../../src/dev/TestDollar.sol";
import {BatchKg, BatchStatus, Deficit, Retired, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {OrderState} from "../../src/interfaces/ICarbonMarket.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {EventBooks} from "./EventBooks.sol";
import {Handler} from "./Handler.sol";
import {World} from "./World.sol";

/// @notice A world, and everything that may be done to it in any order.
abstract contract InvariantsBase is Test {
    Handler internal handler;
    CarbonCredit internal credit;
    CarbonMarket internal market;
    RetirementCertificate internal certificate;
    TestDollar internal dollar;

    bytes32[] internal batchIds;
    address[] internal accounts;

    function _build(bool keepsEvents) internal {
        handler = new Handler(keepsEvents);
        (credit, market, certificate, dollar) = handler.world();
        batchIds = handler.batchIds();
        accounts = handler.accounts();
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: handler.actions()}));
        _play(2);
    }

    /// @dev Does everything a few times, so that even a short run starts from a world in which much has happened.
    function _play(uint256 rounds) internal {
        bytes4[] memory actions = handler.actions();
        for (uint256 i = 0; i < rounds * actions.length; ++i) {
            bytes memory seeds = abi.encode(_seed(i, 0), _seed(i, 1), _seed(i, 2), _seed(i, 3));
            (bool success,) = address(handler).call(bytes.concat(actions[i % actions.length], seeds));
            assertTrue(success, vm.toString(actions[i % actions.length]));
        }
    }

    function _seed(uint256 i, uint256 j) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(i, j)));
    }
}

/// @notice The numbered invariants of docs/invariants.md that the chain alone can break, after any sequence of actions.
/// What only shows in the moment of an action is asserted there, by the handlers.
contract InvariantsTest is InvariantsBase {
    function setUp() external {
        _build(false);
    }

    /// @notice 1. Per batch issued = circulating + buffered + retired + cancelled; the sum of circulating + buffered is
    /// the supply; the token's own balance is the sum of buffered. Each kilogram cancelled made one reversed good.
    function invariant_1_EveryKilogramIsInOnePlace() external view {
        BatchKg memory sum;
        for (uint256 i = 0; i < batchIds.length; ++i) {
            BatchKg memory it = credit.batchKg(batchIds[i]);
            assertEq(it.issuedKg, it.circulatingKg + it.bufferedKg + it.retiredKg + it.cancelledKg, "1: a batch");
            sum.issuedKg += it.issuedKg;
            sum.circulatingKg += it.circulatingKg;
            sum.bufferedKg += it.bufferedKg;
            sum.retiredKg += it.retiredKg;
            sum.cancelledKg += it.cancelledKg;
        }
        assertEq(sum.circulatingKg + sum.bufferedKg, credit.totalSupply(), "1: supply");
        assertEq(sum.bufferedKg, credit.balanceOf(address(credit)), "1: buffer");
        assertEq(sum.issuedKg, handler.issuedKg(), "1: issued");
        assertEq(sum.retiredKg, handler.retiredKg(), "1: retired");
        assertEq(sum.cancelledKg, handler.madeGoodKg(), "1: cancelled");
    }

    /// @notice 2. The balances sum to the supply; the eligible list holds exactly the batches with something in
    /// circulation that are neither suspended nor reversed. A debt is of kilograms that the batch has.
    function invariant_2_BalancesAndListAreComplete() external view {
        uint256 balances = credit.balanceOf(address(credit));
        for (uint256 i = 0; i < accounts.length; ++i) {
            balances += credit.balanceOf(accounts[i]);
        }
        assertEq(balances, credit.totalSupply(), "2: balances");

        (uint256 eligible, uint256 eligibleKg) = (0, 0);
        for (uint256 i = 0; i < batchIds.length; ++i) {
            BatchKg memory it = credit.batchKg(batchIds[i]);
            _assertDebt(batchIds[i], it);
            if (!_isEligible(batchIds[i])) continue;
            ++eligible;
            eligibleKg += it.circulatingKg;
        }
        assertEq(credit.attributable(), eligibleKg, "2: attributable");
        _assertList(eligible);
    }

    /// @notice 3. A credit id, a nonce and a certificate are used once, a retirement stays as it was made, an order is
    /// filled at most to its kg. That they can't be used again, and that retired only grows, the handlers try.
    function invariant_3_NothingIsUsedTwice() external view {
        uint256[] memory creditIds = handler.creditIds();
        for (uint256 i = 0; i < creditIds.length; ++i) {
            assertTrue(credit.isCreditIdUsed(creditIds[i]), "3: a credit's id came free");
        }
        World.Used[] memory used = handler.usedNonces();
        for (uint256 i = 0; i < used.length; ++i) {
            assertTrue(credit.authorizationState(used[i].author, used[i].nonce), "3: a nonce came free");
        }
        bytes32[] memory refs = handler.retirementRefs();
        for (uint256 i = 0; i < refs.length; ++i) {
            (Retired memory it, Retired memory made) = (credit.retirementOf(refs[i]), handler.retirement(refs[i]));
            assertEq(it.holder, made.holder, "3: a retirement's holder");
            assertEq(it.kg, made.kg, "3: a retirement's kg");
        }
        World.Known[] memory orders = handler.orders();
        for (uint256 i = 0; i < orders.length; ++i) {
            OrderState memory state = market.orderState(orders[i].ref);
            assertLe(state.filledKg, orders[i].order.kg, "3: an order was filled over");
            assertEq(state.filledKg, handler.filledKgOf(orders[i].ref), "3: an order's fills");
        }
    }

    /// @notice 4. Nobody owns more, or less, than they were issued, were given and traded for; the fees are the rest.
    function invariant_4_NobodyGainsFromNothing() external view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            assertEq(int256(credit.balanceOf(account)), handler.owedKg(account), "4: credits");
            if (account == address(market)) continue;
            assertEq(int256(dollar.balanceOf(account)), handler.owedTotal(account), "4: coins");
        }
        assertEq(dollar.balanceOf(address(market)), market.accruedFees(), "4: fees");
    }

    /// @notice 5. Nobody has fewer dollars than if each of their trades had gone as badly as they had signed at worst.
    function invariant_5_ASignedPriceIsKept() external view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == address(market)) continue;
            assertGe(int256(dollar.balanceOf(accounts[i])), handler.leastTotal(accounts[i]), "5: worse than signed");
        }
    }

    /// @notice 7. Whatever is paused or suspended, a holder can transfer, cancel, and retire what is attributable.
    function invariant_7_NobodyCanStopAHolder() external {
        uint256 before = vm.snapshotState();
        World.Known[] memory orders = handler.orders();
        for (uint256 i = 0; i < orders.length; ++i) {
            if (handler.isCancelled(orders[i].ref)) continue;
            vm.prank(orders[i].order.maker);
            market.cancel(orders[i].order.salt);
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 balanceKg = credit.balanceOf(accounts[i]);
            uint256 attributableKg = credit.attributable();
            vm.startPrank(accounts[i]);
            market.cancelAll();
            credit.transfer(address(this), balanceKg / 2);
            balanceKg -= balanceKg / 2;
            _retire(balanceKg < attributableKg ? balanceKg : attributableKg);
            vm.stopPrank();
        }
        vm.revertToState(before);
    }

    /// @notice Each action can be reached, so that the invariants are tried on more than what is refused.
    function test_EveryActionDoesWhatItIsFor() external {
        _play(40);
        bytes4[] memory actions = handler.actions();
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.times(actions[i]), 0, vm.toString(actions[i]));
        }
    }

    function _retire(uint256 kg) private {
        if (kg == 0) return;
        credit.retire(
            Retirement({
                kg: kg,
                batchIds: new bytes32[](0),
                earliestVintage: 0,
                commitment: 0,
                reason: 1,
                period: 0,
                nonce: keccak256("7")
            }),
            type(uint256).max
        );
    }

    function _isEligible(bytes32 batchId) private view returns (bool) {
        BatchStatus memory status = credit.batchStatus(batchId);
        return credit.batchKg(batchId).circulatingKg > 0 && !status.suspended && !status.reversed;
    }

    function _assertDebt(bytes32 batchId, BatchKg memory it) private view {
        Deficit memory owed = credit.deficitOf(batchId);
        uint256 deficitKg = owed.circulatingKg + owed.retiredKg;
        assertLe(owed.circulatingKg, it.circulatingKg, "2: owes more than circulates");
        assertLe(owed.retiredKg, it.retiredKg, "2: owes more than was retired");
        assertEq(deficitKg, handler.reversedKgOf(batchId) - handler.madeGoodKgOf(batchId), "2: what is owed");
        assertTrue(deficitKg == 0 || credit.batchStatus(batchId).reversed, "2: owes and is eligible");
    }

    /// @dev Each once, each with what it has, and as many as there are: so exactly these.
    function _assertList(uint256 length) private view {
        (bytes32[] memory eligible, uint256[] memory kgs) = credit.nextEligible(type(uint256).max);
        assertEq(eligible.length, length, "2: the list's length");
        for (uint256 i = 0; i < eligible.length; ++i) {
            assertTrue(_isEligible(eligible[i]), "2: listed and not eligible");
            assertEq(kgs[i], credit.batchKg(eligible[i]).circulatingKg, "2: what is listed of a batch");
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(eligible[i] != eligible[j], "2: listed twice");
            }
        }
    }
}

/// @notice The chain's part of invariant 6: what a mirror needs, the events hold.
contract EventsInvariantsTest is InvariantsBase {
    EventBooks private books;

    function setUp() external {
        _build(true);
        books = handler.books();
    }

    /// @notice 6. Books kept from events alone say what the views say.
    function invariant_6_TheEventsTellEverything() external view {
        _assertAccounts();
        _assertBatches();
        _assertIssuedAndRetired();
        _assertOrders();
        _assertPause(credit);
        _assertPause(market);
    }

    function _assertPause(IPausing target) private view {
        assertEq(books.pausedUntil(address(target)), target.pausedUntil(), "6: pause");
        assertEq(books.pausableFrom(address(target)), target.pausableFrom(), "6: next pause");
    }

    function _assertAccounts() private view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            assertEq(books.balanceOf(address(credit), account), credit.balanceOf(account), "6: credits");
            assertEq(books.balanceOf(address(dollar), account), dollar.balanceOf(account), "6: coins");
            assertEq(books.permitNonces(account), credit.nonces(account), "6: permits");
            assertEq(books.counterOf(account), market.counterOf(account), "6: counter");
            for (uint256 j = 0; j < accounts.length; ++j) {
                uint256 allowedKg = credit.allowance(account, accounts[j]);
                assertEq(books.allowance(account, accounts[j]), allowedKg, "6: allowance");
            }
        }
        assertEq(books.balanceOf(address(credit), address(credit)), credit.balanceOf(address(credit)), "6: buffer");
        assertEq(books.totalSupply(address(credit)), credit.totalSupply(), "6: supply");
    }

    function _assertBatches() private view {
        for (uint256 i = 0; i < batchIds.length; ++i) {
            bytes32 batchId = batchIds[i];
            _assertSame(abi.encode(books.batchKg(batchId)), abi.encode(credit.batchKg(batchId)), "6: batch");
            _assertSame(abi.encode(books.batchStatus(batchId)), abi.encode(credit.batchStatus(batchId)), "6: status");
            _assertSame(abi.encode(books.deficitOf(batchId)), abi.encode(credit.deficitOf(batchId)), "6: deficit");
            assertEq(books.nextIndex(batchId), credit.nextIndex(batchId), "6: index");
            if (credit.nextIndex(batchId) > 0) assertEq(credit.batchIdOf(books.termsOf(batchId)), batchId, "6: terms");
        }
        (bytes32[] memory eligible,) = credit.nextEligible(type(uint256).max);
        _assertSame(abi.encode(books.eligible()), abi.encode(eligible), "6: list");
    }

    function _assertIssuedAndRetired() private view {
        address issuer = handler.issuerAccount();
        assertEq(books.issuedTodayKg(issuer), credit.issuedTodayKg(issuer), "6: issued today");
        assertEq(books.dailyIssueCapKg(), credit.dailyIssueCapKg(), "6: cap");
        uint256[] memory creditIds = handler.creditIds();
        for (uint256 i = 0; i < creditIds.length; ++i) {
            assertTrue(books.isCreditIdUsed(credit.creditIdText(creditIds[i])), "6: credit id");
        }
        World.Used[] memory used = handler.usedNonces();
        for (uint256 i = 0; i < used.length; ++i) {
            assertTrue(books.isNonceUsed(used[i].author, used[i].nonce), "6: nonce");
        }
        bytes32[] memory refs = handler.retirementRefs();
        for (uint256 i = 0; i < refs.length; ++i) {
            Retired memory it = credit.retirementOf(refs[i]);
            _assertSame(abi.encode(books.retirementOf(refs[i])), abi.encode(it), "6: retirement");
            assertEq(books.certificateHolder(uint256(refs[i])), handler.certified(refs[i]), "6: certificate");
        }
    }

    function _assertOrders() private view {
        World.Known[] memory orders = handler.orders();
        for (uint256 i = 0; i < orders.length; ++i) {
            OrderState memory state = market.orderState(orders[i].ref);
            _assertSame(abi.encode(books.orderState(orders[i].ref)), abi.encode(state), "6: order");
        }
        assertEq(books.feeBps(), market.feeBps(), "6: fee");
        assertEq(books.accruedFees(), market.accruedFees(), "6: fees");
    }

    function _assertSame(bytes memory told, bytes memory seen, string memory what) private pure {
        assertEq(keccak256(told), keccak256(seen), what);
    }
}
