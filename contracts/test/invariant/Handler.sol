// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {TestDollar} from "../../src/dev/TestDollar.sol";
import {BatchTerms, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice Everything people do with credits and orders, in any order and size, with a ledger of its own of what each
/// person may own at most. It deploys the world that it acts in.
contract Handler is Base {
    uint256 private constant PEOPLE = 4;
    uint256 private constant BATCHES = 3;
    uint256 private constant DOLLARS_EACH = 1_000_000;

    /// @dev An order on chain, and its name.
    struct Placed {
        Order order;
        bytes32 ref;
    }

    Vm.Wallet[] private _people;
    Placed[] private _placed;
    bytes32[] private _batchIds;
    mapping(bytes32 batchId => bool) private _isKnown;

    uint256 private _salts;
    int256 private _accruedFees;
    uint256 public issuedKg;
    uint256 public retiredKg;
    uint256 public settledKg;
    /// @notice What a person should hold by everything that happened to them, in kg and in millionths of a dollar.
    mapping(address person => int256) public owedKg;
    mapping(address person => int256) public owedTotal;

    constructor() {
        setUp();
        for (uint256 i = 0; i < PEOPLE; ++i) {
            _people.push(vm.createWallet(uint256(keccak256(abi.encode("person", i)))));
            fund(_people[i].addr, DOLLARS_EACH);
            owedTotal[_people[i].addr] = int256(DOLLARS_EACH * 1e6);
        }
    }

    /* ACTIONS */

    function issue(uint256 personSeed, uint64 batchSeed, uint256 kg) external {
        if (credit.issuedTodayKg(issuer) > DAILY_CAP_KG / 2) vm.warp(block.timestamp + 1 days);
        address person = _person(personSeed).addr;
        kg = bound(kg, 1, 10_000);
        BatchTerms memory terms = termsOfYear(uint64(batchSeed % BATCHES));
        terms.closesAt = type(uint64).max;
        bytes32 batchId = issueInto(terms, person, kg);
        if (!_isKnown[batchId]) _batchIds.push(batchId);
        _isKnown[batchId] = true;
        issuedKg += kg + bufferFor(kg, BUFFER_BPS);
        owedKg[person] += int256(kg);
    }

    function transfer(uint256 fromSeed, uint256 toSeed, uint256 kg) external {
        (address from, address to) = (_person(fromSeed).addr, _person(toSeed).addr);
        kg = bound(kg, 0, credit.balanceOf(from));
        vm.prank(from);
        credit.transfer(to, kg);
        owedKg[from] -= int256(kg);
        owedKg[to] += int256(kg);
    }

    /// @dev Invariant 7: a holder can retire all they hold, as long as it is attributable.
    function retire(uint256 personSeed, uint256 kg, bool isSigned) external {
        Vm.Wallet memory person = _person(personSeed);
        uint256 balanceKg = credit.balanceOf(person.addr);
        if (balanceKg == 0) return;
        Retirement memory it = defaultRetirement(bound(kg, 1, balanceKg));
        it.nonce = bytes32(++_salts);
        if (isSigned) {
            bytes32 structHash = TypedData.retirement(person.addr, it, 0, type(uint256).max);
            credit.retireWithAuthorization(
                person.addr, it, 0, type(uint256).max, BATCHES, signCredit(person, structHash)
            );
        } else {
            vm.prank(person.addr);
            credit.retire(it, BATCHES);
        }
        retiredKg += it.kg;
        owedKg[person.addr] -= int256(it.kg);
        _assertNonceIsSpent(person.addr, it);
    }

    function place(uint256 personSeed, uint8 side, uint128 kg, uint128 pricePerKg, uint128 minFillKg) external {
        Vm.Wallet memory person = _person(personSeed);
        Order memory order = defaultOrder(person.addr, side % 2, uint128(bound(kg, 1, 5000)));
        order.pricePerKg = uint128(bound(pricePerKg, PRICE_PER_KG - 5, PRICE_PER_KG + 5));
        order.minFillKg = uint128(bound(minFillKg, 0, order.kg));
        order.expiry = type(uint64).max;
        order.counter = market.counterOf(person.addr);
        order.salt = bytes32(++_salts);
        bytes32 ref = market.place(order, signMarket(person, TypedData.order(order)));
        _placed.push(Placed({order: order, ref: ref}));
    }

    function cancel(uint256 orderSeed) external {
        if (_placed.length == 0) return;
        Placed memory it = _placed[orderSeed % _placed.length];
        if (market.orderState(it.ref).cancelled) return;
        vm.prank(it.order.maker);
        market.cancel(it.order.salt);
    }

    /// @dev Seldom, so that orders live long enough to be filled.
    function cancelAll(uint256 personSeed) external {
        if (personSeed % 8 > 0) return;
        vm.prank(_person(personSeed / 8).addr);
        market.cancelAll();
    }

    /// @dev Takes from a placed order, at a limit that mostly suits it; names the maker twice, to fill it over.
    function take(uint256 personSeed, uint256 orderSeed, uint128 kg, uint128 limitPricePerKg) external {
        if (_placed.length == 0) return;
        Vm.Wallet memory person = _person(personSeed);
        Order memory maker = _placed[orderSeed % _placed.length].order;
        Order memory taker = defaultOrder(person.addr, maker.side == BUY ? SELL : BUY, uint128(bound(kg, 1, 5000)));
        taker.pricePerKg = uint128(bound(limitPricePerKg, maker.pricePerKg - 3, maker.pricePerKg + 3));
        taker.expiry = type(uint64).max;
        taker.counter = market.counterOf(person.addr);
        taker.salt = bytes32(++_salts);
        _settle(taker, signMarket(person, TypedData.order(taker)), maker);
    }

    /// @dev Crosses any two placed orders; what must not match must not move anything.
    function cross(uint256 takerSeed, uint256 makerSeed) external {
        if (_placed.length == 0) return;
        _settle(_placed[takerSeed % _placed.length].order, "", _placed[makerSeed % _placed.length].order);
    }

    /// @dev Buys from any two placed orders by a call of one's own.
    function fillMany(uint256 personSeed, uint256 orderSeed, uint128 kg) external {
        if (_placed.length == 0) return;
        address person = _person(personSeed).addr;
        Order[] memory orders = new Order[](1);
        orders[0] = _placed[orderSeed % _placed.length].order;
        kg = uint128(bound(kg, 1, orders[0].kg));
        uint256 most = uint256(kg) * PRICE_PER_KG * 2;
        vm.prank(person);
        try market.fillMany(kg, most, 2 * PRICE_PER_KG, orders, new bytes[](1)) returns (uint256 total) {
            assertLe(total, most, "5: more than the caller allowed");
            Order memory taker = defaultOrder(person, BUY, kg);
            taker.pricePerKg = 2 * PRICE_PER_KG;
            _book(taker, orders[0], kg);
        } catch {}
    }

    function setFee(uint16 feeBps) external {
        vm.prank(admin);
        market.setFee(uint16(bound(feeBps, 0, FEE_CAP_BPS)));
    }

    /* WHAT THE INVARIANTS READ */

    function world() external view returns (CarbonCredit, CarbonMarket, TestDollar) {
        return (credit, market, dollar);
    }

    function batchIds() external view returns (bytes32[] memory) {
        return _batchIds;
    }

    function people() external view returns (address[] memory addresses) {
        addresses = new address[](_people.length);
        for (uint256 i = 0; i < _people.length; ++i) {
            addresses[i] = _people[i].addr;
        }
    }

    function placed() external view returns (Placed[] memory) {
        return _placed;
    }

    /* INTERNAL */

    function _person(uint256 seed) private view returns (Vm.Wallet memory) {
        return _people[seed % PEOPLE];
    }

    function _settle(Order memory taker, bytes memory signature, Order memory maker) private {
        Order[] memory makers = new Order[](2);
        (makers[0], makers[1]) = (maker, maker);
        uint128[] memory kgs = new uint128[](2);
        (kgs[0], kgs[1]) = (taker.kg / 2 + 1, taker.kg);
        try market.settle(taker, signature, makers, new bytes[](2), kgs) returns (uint128 filledKg) {
            _book(taker, maker, filledKg);
        } catch {}
    }

    /// @dev Invariants 4 and 5: what a fill at the maker's price may move, to the last unit; checks the taker's limit.
    function _book(Order memory taker, Order memory maker, uint128 filledKg) private {
        int256 total = int256(uint256(filledKg) * maker.pricePerKg);
        int256 fee = int256(market.accruedFees()) - _accruedFees;
        _accruedFees += fee;
        assertLe(fee * 10_000, total * int256(uint256(market.feeBps())), "5: a higher fee than the market's");
        bool takerBuys = taker.side == BUY;
        if (takerBuys) assertLe(maker.pricePerKg, taker.pricePerKg, "5: dearer than the taker signed");
        else assertGe(maker.pricePerKg, taker.pricePerKg, "5: cheaper than the taker signed");
        assertTrue(taker.maker != maker.maker && taker.side != maker.side, "crossed what must not cross");

        settledKg += filledKg;
        (address buyer, address seller) = takerBuys ? (taker.maker, maker.maker) : (maker.maker, taker.maker);
        owedKg[buyer] += int256(uint256(filledKg));
        owedKg[seller] -= int256(uint256(filledKg));
        owedTotal[buyer] -= takerBuys ? total + fee : total;
        owedTotal[seller] += takerBuys ? total : total - fee;
    }

    /// @dev Invariant 3: the same nonce again must fail, whatever else is asked for.
    function _assertNonceIsSpent(address person, Retirement memory it) private {
        it.kg = 1;
        vm.prank(person);
        try credit.retire(it, BATCHES) {
            assertTrue(false, "3: nonce used twice");
        } catch {}
    }
}
