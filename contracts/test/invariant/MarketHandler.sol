// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Vm} from "forge-std/Vm.sol";

import {ICarbonMarket, Order, OrderState, Permit} from "../../src/interfaces/ICarbonMarket.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {TypedData} from "../utils/TypedData.sol";
import {World} from "./World.sol";

/// @notice What makers, takers and the matcher do with orders, and what they must not be able to do.
abstract contract MarketHandler is World {
    uint256 private constant BPS = 10_000;
    uint256 private constant SPREAD = 5;
    uint256 private constant MOST_MAKERS = 3;

    /// @dev Who takes, and the worst that was agreed to.
    struct Taking {
        address account;
        address caller;
        uint8 side;
        uint256 limitPricePerKg;
        uint256 maxFeeBps;
        uint256 feeBps;
        uint256 accruedBefore;
    }

    constructor() {
        bytes4[12] memory actions_ = [
            MarketHandler.signOrder.selector,
            MarketHandler.place.selector,
            MarketHandler.placeWithPermit.selector,
            MarketHandler.placeKnown.selector,
            MarketHandler.cancel.selector,
            MarketHandler.cancelAll.selector,
            MarketHandler.fillMany.selector,
            MarketHandler.settle.selector,
            MarketHandler.cross.selector,
            MarketHandler.fillDead.selector,
            MarketHandler.allow.selector,
            MarketHandler.pay.selector
        ];
        for (uint256 i = 0; i < actions_.length; ++i) {
            _actions.push(actions_[i]);
        }
    }

    /* SIGN AND PLACE */

    function signOrder(uint256 personSeed, uint256 kgSeed, uint256 priceSeed, uint256 termsSeed) external acts {
        _sign(_newOrder(_person(personSeed), kgSeed, priceSeed, termsSeed));
        _did();
    }

    function place(uint256 personSeed, uint256 kgSeed, uint256 priceSeed, uint256 termsSeed) external acts {
        Known memory it = _sign(_newOrder(_person(personSeed), kgSeed, priceSeed, termsSeed));
        bool isOwn = termsSeed / 512 % 2 == 0;
        bytes memory data = abi.encodeCall(market.place, (it.order, isOwn ? bytes("") : it.signature));
        _place(isOwn ? it.order.maker : stranger, data);
    }

    /// @dev The permit is a good one, or one that is too late.
    function placeWithPermit(uint256 personSeed, uint256 kgSeed, uint256 priceSeed, uint256 termsSeed) external acts {
        Vm.Wallet memory person = _personWithKey(personSeed);
        Known memory it = _sign(_newOrder(person, kgSeed, priceSeed, termsSeed));
        ERC20Permit token = it.order.side == SELL ? ERC20Permit(credit) : ERC20Permit(dollar);
        Permit memory permit_ = _permitFor(person, token, termsSeed / 512 % 2 == 0);
        _place(stranger, abi.encodeCall(market.placeWithPermit, (permit_, it.order, it.signature)));
    }

    /// @dev Places an order that was signed before; forbidden: one that is placed, cancelled, late or filled.
    function placeKnown(uint256 orderSeed) external acts {
        if (_orders.length == 0) return;
        Known storage it = _orders[orderSeed % _orders.length];
        bytes memory data = abi.encodeCall(market.place, (it.order, it.signature));
        bytes memory refusal = _pauseError();
        if (refusal.length == 0 && market.orderState(it.ref).placed) {
            refusal = abi.encodeWithSelector(ICarbonMarket.OrderIsPlaced.selector, it.ref);
        }
        if (refusal.length == 0) refusal = _refusalOf(it);
        if (refusal.length > 0) _assertRefused(stranger, address(market), data, refusal);
        else _place(stranger, data);
    }

    /* CANCEL */

    /// @dev Not always, so that orders live long enough to be filled. Forbidden: again.
    function cancel(uint256 orderSeed, uint256 form) external acts {
        if (_orders.length == 0 || form % 4 < 2) return;
        Known memory it = _orders[orderSeed % _orders.length];
        (address maker, bytes32 salt) = (it.order.maker, it.order.salt);
        bytes memory data = abi.encodeCall(market.cancel, (salt));
        if (form % 2 == 0) {
            bytes memory signature = signMarket(_walletOf(maker), TypedData.cancelOrder(maker, salt));
            data = abi.encodeCall(market.cancelWithSignature, (maker, salt, signature));
        }
        if (!isCancelled[it.ref]) {
            _succeed(maker, address(market), data);
            isCancelled[it.ref] = true;
            _did();
        }
        bytes memory again = abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, it.ref);
        _assertRefused(maker, address(market), data, again);
    }

    /// @dev Seldom, for the same reason. Forbidden: the signed form again.
    function cancelAll(uint256 personSeed, uint256 form) external acts {
        bool isSigned = form % 2 == 0;
        if (personSeed % 4 > 0) return;
        Vm.Wallet memory maker = _person(personSeed / 4);
        uint256 counter = market.counterOf(maker.addr);
        bytes memory data = abi.encodeCall(market.cancelAll, ());
        if (isSigned) {
            bytes memory signature = signMarket(maker, TypedData.cancelAllOrders(maker.addr, counter));
            data = abi.encodeCall(market.cancelAllWithSignature, (maker.addr, counter, signature));
        }
        _succeed(maker.addr, address(market), data);
        if (isSigned) {
            bytes memory again =
                abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, maker.addr, counter, counter + 1);
            _assertRefused(stranger, address(market), data, again);
        }
        _did();
    }

    /* FILL */

    /// @dev Buys by a call of one's own, from the orders known; where they can't give it, nothing may have moved.
    function fillMany(uint256 personSeed, uint256 orderSeed, uint256 kgSeed, uint256 permitSeed) external acts {
        if (_orders.length == 0) return;
        Vm.Wallet memory person = permitSeed % 2 == 0 ? _personWithKey(personSeed) : _person(personSeed);
        (Order[] memory orders, bytes[] memory signatures) = _makers(orderSeed, SELL);
        uint128 kg = uint128(_between(kgSeed, 1, _leastLeftKg(orders[0])));
        uint128 limit = uint128(PRICE_PER_KG + kgSeed % SPREAD);
        uint256 maxTotal = uint256(kg) * (limit + permitSeed % 1000);
        bytes memory data = abi.encodeCall(market.fillMany, (kg, maxTotal, limit, orders, signatures));
        if (permitSeed % 2 == 0) {
            Permit memory permit_ = _permitFor(person, dollar, permitSeed / 2 % 2 == 0);
            data = abi.encodeCall(market.fillManyWithPermit, (permit_, kg, maxTotal, limit, orders, signatures));
        }
        if (_assertRefusedWhilePaused(person.addr, data)) return;

        Taking memory taking = _taking(person.addr, person.addr, BUY, limit, 0);
        (bool success, bytes memory result) = _try(person.addr, address(market), data);
        if (!success) return;
        uint256 total = abi.decode(result, (uint256));
        assertLe(total, maxTotal, "5: more than the caller allowed");
        (uint256 filledKg, uint256 paidTotal) = _bookMakers(orders, taking);
        assertEq(filledKg, kg, "another amount than asked for");
        int256 fee = int256(market.accruedFees() - taking.accruedBefore);
        assertEq(int256(total), int256(paidTotal) + fee);
        _bookTaker(taking, filledKg, -int256(total), -int256(maxTotal));
        _did();
    }

    /// @dev Somebody signs an order that takes, at a price that mostly suits the first maker.
    function settle(uint256 personSeed, uint256 orderSeed, uint256 kgSeed, uint256 priceSeed) external acts {
        if (_orders.length == 0) return;
        Order memory maker = _orders[_alive(orderSeed, orderSeed % 2 == 0 ? BUY : SELL)].order;
        Vm.Wallet memory person = _person(personSeed);
        Order memory taker = _newOrder(person, kgSeed, priceSeed, kgSeed);
        (taker.side, taker.minFillKg) = (maker.side == BUY ? SELL : BUY, 0);
        if (priceSeed % 4 > 0) taker.pricePerKg = maker.pricePerKg;
        _settle(_sign(taker), orderSeed, maker.side);
    }

    /// @dev Crosses any two of the orders known; what must not match must not move anything.
    function cross(uint256 takerSeed, uint256 makerSeed, uint256 sideSeed) external acts {
        if (_orders.length == 0) return;
        Known memory taker = _orders[_alive(takerSeed, takerSeed % 2 == 0 ? BUY : SELL)];
        uint8 other = taker.order.side == BUY ? SELL : BUY;
        _settle(taker, makerSeed, sideSeed % 4 == 0 ? taker.order.side : other);
    }

    /// @dev Forbidden: filling an order that is filled, cancelled or late, as a maker or as a taker.
    function fillDead(uint256 orderSeed, uint256 takerSeed) external acts {
        for (uint256 i = 0; i < _orders.length; ++i) {
            Known storage it = _orders[(orderSeed % _orders.length + i) % _orders.length];
            bytes memory refusal = _refusalOf(it);
            if (refusal.length == 0) continue;
            _assertDead(it, refusal, takerSeed);
            return;
        }
    }

    /* ALLOWANCES AND COINS */

    /// @dev Without an allowance for the market, orders are known that can't be covered.
    function allow(uint256 personSeed, uint256 kgSeed, uint256 token) external acts {
        address person = _person(personSeed).addr;
        uint256 value = kgSeed % 4 == 0 ? _between(kgSeed / 4, 0, MOST_KG) : type(uint256).max;
        vm.prank(person);
        (token % 2 == 0 ? ERC20Permit(dollar) : ERC20Permit(credit)).approve(address(market), value);
        _did();
    }

    function pay(uint256 fromSeed, uint256 toSeed, uint256 totalSeed) external acts {
        (address from, address to) = (_person(fromSeed).addr, _person(toSeed).addr);
        uint256 total = _between(totalSeed, 0, dollar.balanceOf(from));
        vm.prank(from);
        dollar.transfer(to, total);
        _bookCoins(from, -int256(total));
        _bookCoins(to, int256(total));
        _did();
    }

    /* INTERNAL */

    function _newOrder(Vm.Wallet memory maker, uint256 kgSeed, uint256 priceSeed, uint256 termsSeed)
        internal
        returns (Order memory order)
    {
        uint256 mostKg = _min(MOST_KG, credit.balanceOf(maker.addr));
        uint8 side = mostKg == 0 ? BUY : uint8(termsSeed % 2);
        order = defaultOrder(maker.addr, side, uint128(_between(kgSeed, 1, side == BUY ? MOST_KG : mostKg)));
        order.pricePerKg = uint128(_between(priceSeed, PRICE_PER_KG - SPREAD, PRICE_PER_KG + SPREAD));
        order.minFillKg = uint128(termsSeed / 2 % 4 == 0 ? _between(termsSeed, 0, order.kg) : 0);
        if (termsSeed / 8 % 8 == 0) order.filler = address(market);
        if (termsSeed / 8 % 8 == 1) order.filler = _person(termsSeed / 64).addr;
        order.expiry = uint64(block.timestamp + 10 days + termsSeed % 100 days);
        order.counter = market.counterOf(maker.addr);
        order.salt = _nextSalt();
        order.maxFeeBps = uint16(priceSeed % 4 == 0 ? FEE_BPS : FEE_CAP_BPS);
    }

    function _sign(Order memory order) internal returns (Known memory it) {
        it.order = order;
        it.signature = signMarket(_walletOf(order.maker), TypedData.order(order));
        it.ref = keccak256(abi.encode(order.maker, order.salt));
        _orders.push(it);
    }

    /* PRIVATE: PLACE */

    function _place(address caller, bytes memory data) private {
        if (_assertRefusedWhilePaused(caller, data)) return;
        _succeed(caller, address(market), data);
        _did();
    }

    /// @dev For all that somebody has, so that it stands for what `allow` took away.
    function _permitFor(Vm.Wallet memory owner, ERC20Permit token, bool isInTime)
        private
        view
        returns (Permit memory it)
    {
        it.value = type(uint256).max;
        it.deadline = isInTime ? FOR_EVER : block.timestamp - 1;
        bytes32 domain = TypedData.domain(token.name(), block.chainid, address(token));
        bytes32 structHash =
            TypedData.permit(owner.addr, address(market), it.value, token.nonces(owner.addr), it.deadline);
        (it.v, it.r, it.s) = vm.sign(owner.privateKey, TypedData.digest(domain, structHash));
    }

    function _pauseError() private view returns (bytes memory) {
        uint256 until = market.pausedUntil();
        return block.timestamp < until ? abi.encodeWithSelector(IPausing.IsPaused.selector, until) : bytes("");
    }

    function _assertRefusedWhilePaused(address caller, bytes memory data) private returns (bool) {
        bytes memory refusal = _pauseError();
        if (refusal.length == 0) return false;
        _assertRefused(caller, address(market), data, refusal);
        return true;
    }

    /// @dev Why nobody can fill an order any more; empty while somebody may.
    function _refusalOf(Known storage it) private view returns (bytes memory) {
        if (isCancelled[it.ref]) return abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, it.ref);
        uint256 counter = market.counterOf(it.order.maker);
        if (it.order.counter < counter) {
            return
                abi.encodeWithSelector(
                    ICarbonMarket.CounterMismatch.selector, it.order.maker, it.order.counter, counter
                );
        }
        if (block.timestamp > it.order.expiry) {
            return abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, it.ref, it.order.expiry);
        }
        if (filledKgOf[it.ref] == it.order.kg) {
            return abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, it.ref);
        }
        return "";
    }

    /* PRIVATE: FILL */

    /// @dev The first order from the seed's on that stands on this side and can be filled, or the seed's.
    function _alive(uint256 orderSeed, uint8 side) private view returns (uint256 index) {
        for (uint256 i = 0; i < _orders.length; ++i) {
            index = (orderSeed % _orders.length + i) % _orders.length;
            if (_orders[index].order.side == side && _refusalOf(_orders[index]).length == 0) return index;
        }
        return orderSeed % _orders.length;
    }

    /// @dev One that can be filled first; then any, the first again among them, so that it might be filled over.
    function _makers(uint256 orderSeed, uint8 side)
        private
        view
        returns (Order[] memory orders, bytes[] memory signatures)
    {
        orders = new Order[](1 + orderSeed % MOST_MAKERS);
        signatures = new bytes[](orders.length);
        uint256 index = _alive(orderSeed, side);
        for (uint256 i = 0; i < orders.length; ++i) {
            Known memory it = _orders[index];
            orders[i] = it.order;
            if (!market.orderState(it.ref).placed) signatures[i] = it.signature;
            index = (index + orderSeed / 8 % 3) % _orders.length;
        }
    }

    function _leastLeftKg(Order memory order) private view returns (uint256) {
        uint256 leftKg = order.kg - filledKgOf[keccak256(abi.encode(order.maker, order.salt))];
        return leftKg == 0 ? 1 : leftKg;
    }

    function _taking(address account, address caller, uint8 side, uint256 limit, uint256 maxFeeBps)
        private
        view
        returns (Taking memory)
    {
        return Taking({
            account: account,
            caller: caller,
            side: side,
            limitPricePerKg: limit,
            maxFeeBps: maxFeeBps,
            feeBps: market.feeBps(),
            accruedBefore: market.accruedFees()
        });
    }

    function _settle(Known memory taker, uint256 makerSeed, uint8 makerSide) private {
        (Order[] memory makers, bytes[] memory signatures) = _makers(makerSeed, makerSide);
        uint128[] memory kgs = new uint128[](makers.length);
        for (uint256 i = 0; i < kgs.length; ++i) {
            kgs[i] = uint128(i % 2 == 0 ? taker.order.kg : taker.order.kg / 2 + 1);
        }
        bytes memory takerSignature = market.orderState(taker.ref).placed ? bytes("") : taker.signature;
        bytes memory data = abi.encodeCall(market.settle, (taker.order, takerSignature, makers, signatures, kgs));
        address caller = makerSeed / 4 % 4 == 0 ? _person(makerSeed / 16).addr : matcher;
        if (_assertRefusedWhilePaused(caller, data)) return;

        Taking memory taking =
            _taking(taker.order.maker, caller, taker.order.side, taker.order.pricePerKg, taker.order.maxFeeBps);
        (bool success, bytes memory result) = _try(caller, address(market), data);
        if (!success) return;
        uint256 filledKg = abi.decode(result, (uint128));
        _bookSettled(taker, makers, taking, filledKg);
        _did();
    }

    function _bookSettled(Known memory taker, Order[] memory makers, Taking memory taking, uint256 filledKg) private {
        assertLe(taking.feeBps, taking.maxFeeBps, "5: a higher fee than the taker signed");
        filledKgOf[taker.ref] += filledKg; // first, because the taker's order may be among the makers' too
        (uint256 kg, uint256 total) = _bookMakers(makers, taking);
        assertEq(kg, filledKg);

        int256 fee = int256(market.accruedFees() - taking.accruedBefore);
        int256 worstTotal = int256(kg * taking.limitPricePerKg);
        int256 worstFee = int256(kg * taking.limitPricePerKg * taking.maxFeeBps / BPS);
        if (taking.side == BUY) _bookTaker(taking, kg, -int256(total) - fee, -worstTotal - worstFee);
        else _bookTaker(taking, kg, int256(total) - fee, worstTotal - worstFee - 1);
    }

    /// @dev Invariants 4 and 5: each maker moves what was filled, at exactly the price signed. Returns the sums.
    function _bookMakers(Order[] memory makers, Taking memory taking) private returns (uint256 kg, uint256 total) {
        for (uint256 i = 0; i < makers.length; ++i) {
            bytes32 ref = keccak256(abi.encode(makers[i].maker, makers[i].salt));
            uint256 filledKg = market.orderState(ref).filledKg - filledKgOf[ref];
            if (filledKg == 0) continue;
            _assertMayMatch(makers[i], ref, taking);
            filledKgOf[ref] += filledKg;
            kg += filledKg;
            total += filledKg * makers[i].pricePerKg;
            bool sells = makers[i].side == SELL;
            int256 earned = int256(filledKg * makers[i].pricePerKg);
            _bookCoins(makers[i].maker, sells ? earned : -earned);
            owedKg[makers[i].maker] += sells ? -int256(filledKg) : int256(filledKg);
        }
        uint256 fee = market.accruedFees() - taking.accruedBefore;
        assertLe(fee, total * taking.feeBps / BPS, "5: a higher fee than the market's");
        assertGe(fee + makers.length, total * taking.feeBps / BPS, "the market lost its fee");
    }

    function _assertMayMatch(Order memory maker, bytes32 ref, Taking memory taking) private view {
        assertFalse(isCancelled[ref], "3: a cancelled order was filled");
        assertEq(maker.counter, market.counterOf(maker.maker), "3: a cancelled order was filled");
        assertLe(block.timestamp, maker.expiry, "3: an expired order was filled");
        assertTrue(taking.account != maker.maker && taking.side != maker.side, "crossed what must not cross");
        bool isMatched = maker.filler == address(market) && taking.caller == matcher;
        assertTrue(maker.filler == address(0) || maker.filler == taking.caller || isMatched, "filled by who must not");
        if (taking.side == BUY) assertLe(maker.pricePerKg, taking.limitPricePerKg, "5: dearer than the taker signed");
        else assertGe(maker.pricePerKg, taking.limitPricePerKg, "5: cheaper than the taker signed");
    }

    function _bookTaker(Taking memory taking, uint256 kg, int256 total, int256 worstTotal) private {
        owedTotal[taking.account] += total;
        leastTotal[taking.account] += worstTotal;
        owedKg[taking.account] += taking.side == BUY ? int256(kg) : -int256(kg);
    }

    function _assertDead(Known memory it, bytes memory refusal, uint256 takerSeed) private {
        if (_pauseError().length > 0) return;
        (Order[] memory makers, bytes[] memory signatures) = (new Order[](1), new bytes[](1));
        (makers[0], signatures[0]) = (it.order, it.signature);
        bytes memory data = abi.encodeCall(market.fillMany, (1, FOR_EVER, type(uint128).max, makers, signatures));
        bytes memory unfilled = abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 1, 0);
        _assertRefused(_person(takerSeed).addr, address(market), data, unfilled);

        uint128[] memory kgs = new uint128[](1);
        data = abi.encodeCall(market.settle, (it.order, it.signature, makers, signatures, kgs));
        uint16 feeBps = market.feeBps();
        if (feeBps > it.order.maxFeeBps) {
            refusal = abi.encodeWithSelector(ICarbonMarket.FeeTooHigh.selector, feeBps, it.order.maxFeeBps);
        }
        _assertRefused(matcher, address(market), data, refusal);
        _did();
    }
}
