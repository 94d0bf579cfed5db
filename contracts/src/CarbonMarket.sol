// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Roles} from "./Roles.sol";
import {Pausing} from "./base/Pausing.sol";
import {ICarbonCredit} from "./interfaces/ICarbonCredit.sol";
import {ICarbonMarket, Order, OrderState, Permit} from "./interfaces/ICarbonMarket.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title CarbonMarket
/// @notice See ICarbonMarket.
contract CarbonMarket is ICarbonMarket, EIP712, Pausing, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /* TYPES */

    /// @dev Who takes from a maker's order, and within which limits.
    struct Taker {
        address account;
        /// @dev The caller of the market, whom the maker's order must let fill.
        address caller;
        /// @dev The taker's order; zero where the taker called.
        bytes32 ref;
        uint8 side;
        uint128 limitPricePerKg;
        /// @dev Total and fee of this fill must stay within this, in the coin's base units.
        uint256 limitTotal;
    }

    /// @dev What a fill moved: kilograms, and the coin's base units.
    struct Fill {
        uint128 kg;
        uint256 total;
        uint256 fee;
    }

    /* CONSTANTS */

    uint8 private constant BUY = 0;
    uint8 private constant SELL = 1;
    uint8 private constant COIN_LEAST_DECIMALS = 6;
    uint16 private constant BPS = 10_000;

    /// @dev What settling one maker may use: one signature check with code, and the transfers of both legs.
    uint256 private constant FILL_GAS = 700_000;
    uint256 private constant MAX_REASON_BYTES = 256;
    uint256 private constant PERMIT_GAS = 200_000;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps)"
    );
    bytes32 private constant CANCEL_ORDER_TYPEHASH = keccak256("CancelOrder(address maker,bytes32 salt)");
    bytes32 private constant CANCEL_ALL_ORDERS_TYPEHASH = keccak256("CancelAllOrders(address maker,uint256 counter)");

    /* IMMUTABLES */

    /// @inheritdoc ICarbonMarket
    address public immutable credit;
    /// @inheritdoc ICarbonMarket
    address public immutable coin;
    /// @inheritdoc ICarbonMarket
    uint256 public immutable scale;
    /// @inheritdoc ICarbonMarket
    uint16 public immutable feeCapBps;

    /* STORAGE */

    /// @inheritdoc ICarbonMarket
    uint16 public feeBps;
    /// @dev Beside the fee and the pause in one slot, which every fill reads.
    uint96 private _accruedFees;

    /// @inheritdoc ICarbonMarket
    mapping(address maker => uint256) public counterOf;

    mapping(bytes32 ref => OrderState) private _orders;

    /* CONSTRUCTOR */

    /// @param credit_ The CarbonCredit traded.
    /// @param coin_ The ERC-20 stablecoin that pays, with 6 decimals or more.
    /// @param feeBps_ The taker's fee at first, in hundredths of a percent.
    /// @param feeCapBps_ The highest fee that can ever be set, in hundredths of a percent.
    /// @param accessManager The AccessManager that holds the roles.
    constructor(address credit_, address coin_, uint16 feeBps_, uint16 feeCapBps_, address accessManager)
        EIP712("Carbon Credit Market", "1")
        AccessManaged(accessManager)
    {
        require(ERC165Checker.supportsInterface(credit_, type(ICarbonCredit).interfaceId), NotCarbonCredit(credit_));
        uint8 coinDecimals = IERC20Metadata(coin_).decimals();
        require(coinDecimals >= COIN_LEAST_DECIMALS, CoinTooCoarse(coinDecimals));
        require(feeCapBps_ <= BPS, FeeAboveCap(feeCapBps_, BPS));
        credit = credit_;
        coin = coin_;
        scale = 10 ** (coinDecimals - COIN_LEAST_DECIMALS);
        feeCapBps = feeCapBps_;
        _setFee(feeBps_, feeCapBps_);
    }

    /* PLACE AND CANCEL */

    /// @inheritdoc ICarbonMarket
    function place(Order calldata order, bytes calldata signature) public whenNotPaused returns (bytes32 ref) {
        ref = refOf(order.maker, order.salt);
        OrderState memory state = _orders[ref];
        require(!state.placed, OrderIsPlaced(ref));
        bytes32 orderHash = _hashOrder(order);
        _checkUsable(ref, state, order, orderHash);
        if (msg.sender != order.maker) _checkSigned(order.maker, orderHash, signature);

        state.orderTag = bytes18(orderHash);
        state.placed = true;
        _orders[ref] = state;
        emit OrderPlaced(ref, order.maker, order);
    }

    /// @inheritdoc ICarbonMarket
    function placeWithPermit(Permit calldata permit, Order calldata order, bytes calldata signature)
        external
        returns (bytes32 ref)
    {
        _tryPermit(order.side == SELL ? credit : coin, order.maker, permit);
        return place(order, signature);
    }

    /// @inheritdoc ICarbonMarket
    function cancel(bytes32 salt) external {
        _cancel(msg.sender, salt);
    }

    /// @inheritdoc ICarbonMarket
    function cancelWithSignature(address maker, bytes32 salt, bytes calldata signature) external {
        _checkSigned(maker, keccak256(abi.encode(CANCEL_ORDER_TYPEHASH, maker, salt)), signature);
        _cancel(maker, salt);
    }

    /// @inheritdoc ICarbonMarket
    function cancelAll() external {
        _raiseCounter(msg.sender);
    }

    /// @inheritdoc ICarbonMarket
    function cancelAllWithSignature(address maker, uint256 counter, bytes calldata signature) external {
        require(counter == counterOf[maker], CounterMismatch(maker, counter, counterOf[maker]));
        _checkSigned(maker, keccak256(abi.encode(CANCEL_ALL_ORDERS_TYPEHASH, maker, counter)), signature);
        _raiseCounter(maker);
    }

    /* FILL */

    /// @inheritdoc ICarbonMarket
    function fillMany(
        uint128 kg,
        uint256 maxTotal,
        uint128 maxPricePerKg,
        Order[] calldata orders,
        bytes[] calldata signatures
    ) public whenNotPaused nonReentrant returns (uint256 total) {
        require(orders.length == signatures.length, LengthMismatch(orders.length, signatures.length, orders.length));

        Taker memory taker = Taker({
            account: msg.sender,
            caller: msg.sender,
            ref: bytes32(0),
            side: BUY,
            limitPricePerKg: maxPricePerKg,
            limitTotal: maxTotal
        });
        uint128 leftKg = kg;
        for (uint256 i = 0; i < orders.length && leftKg > 0; ++i) {
            Fill memory fill = _tryFill(orders[i], signatures[i], taker, leftKg);
            leftKg -= fill.kg;
            taker.limitTotal -= fill.total + fill.fee;
        }
        require(leftKg == 0, NotEnoughFilled(kg, kg - leftKg));
        return maxTotal - taker.limitTotal;
    }

    /// @inheritdoc ICarbonMarket
    function fillManyWithPermit(
        Permit calldata permit,
        uint128 kg,
        uint256 maxTotal,
        uint128 maxPricePerKg,
        Order[] calldata orders,
        bytes[] calldata signatures
    ) external returns (uint256 total) {
        _tryPermit(coin, msg.sender, permit);
        return fillMany(kg, maxTotal, maxPricePerKg, orders, signatures);
    }

    /// @inheritdoc ICarbonMarket
    function settle(
        Order calldata takerOrder,
        bytes calldata takerSignature,
        Order[] calldata makers,
        bytes[] calldata makerSignatures,
        uint128[] calldata kgs
    ) external whenNotPaused nonReentrant returns (uint128 filledKg) {
        require(
            makers.length == makerSignatures.length && makers.length == kgs.length,
            LengthMismatch(makers.length, makerSignatures.length, kgs.length)
        );
        require(feeBps <= takerOrder.maxFeeBps, FeeTooHigh(feeBps, takerOrder.maxFeeBps));
        bytes32 takerRef = refOf(takerOrder.maker, takerOrder.salt);
        _orders[takerRef] = _claim(takerRef, takerOrder, takerSignature, msg.sender);

        Taker memory taker = Taker({
            account: takerOrder.maker,
            caller: msg.sender,
            ref: takerRef,
            side: takerOrder.side,
            limitPricePerKg: takerOrder.pricePerKg,
            limitTotal: type(uint256).max
        });
        uint128 leftKg = takerOrder.kg - _orders[takerRef].filledKg;
        Fill memory sum;
        for (uint256 i = 0; i < makers.length && sum.kg < leftKg; ++i) {
            uint128 wantedKg = _min(kgs[i], leftKg - sum.kg);
            Fill memory fill = _tryFill(makers[i], makerSignatures[i], taker, wantedKg);
            sum.kg += fill.kg;
            sum.total += fill.total;
            sum.fee += fill.fee;
        }
        require(sum.kg > 0, NothingFilled(takerRef));
        uint128 leastKg = _min(takerOrder.minFillKg, leftKg);
        require(sum.kg >= leastKg, FillTooSmall(takerRef, sum.kg, leastKg));

        // Onto what is there now: a wallet called in between may have cancelled the order.
        _orders[takerRef].filledKg += uint256(sum.kg).toUint96();
        emit OrderSettled(takerRef, taker.account, sum.kg, sum.total, sum.fee);
        return sum.kg;
    }

    /// @notice Fills one maker's order. Only the market calls this, on itself: whatever fails in here is undone and
    /// harms no other maker.
    /// @param order The maker's order.
    /// @param signature The maker's signature, empty for a placed order.
    /// @param taker Who takes, and the limits.
    /// @param wantedKg How much to fill at most.
    /// @return fill What moved.
    function fillFromSelf(Order memory order, bytes calldata signature, Taker memory taker, uint128 wantedKg)
        external
        returns (Fill memory fill)
    {
        require(msg.sender == address(this), OnlySelf());
        bytes32 ref = refOf(order.maker, order.salt);
        _checkLimits(ref, order, taker);
        OrderState memory state = _claim(ref, order, signature, taker.caller);

        uint128 leftKg = order.kg - state.filledKg;
        fill.kg = _min(wantedKg, leftKg);
        uint128 leastKg = _min(order.minFillKg, leftKg);
        require(fill.kg > 0 && fill.kg >= leastKg, FillTooSmall(ref, fill.kg, leastKg));
        fill.total = fill.kg * uint256(order.pricePerKg) * scale;
        fill.fee = _feeDown(fill.total);
        require(fill.total + fill.fee <= taker.limitTotal, TotalAboveLimit(fill.total + fill.fee, taker.limitTotal));

        state.filledKg += uint256(fill.kg).toUint96();
        _orders[ref] = state;
        if (fill.fee > 0) _accruedFees += fill.fee.toUint96();
        _emitFilled(ref, order, taker, fill);

        if (order.side == SELL) {
            _pay(taker.account, order.maker, fill.total);
            _pay(taker.account, address(this), fill.fee);
            _deliver(order.maker, taker.account, fill.kg);
        } else {
            _pay(order.maker, taker.account, fill.total - fill.fee);
            _pay(order.maker, address(this), fill.fee);
            _deliver(taker.account, order.maker, fill.kg);
        }
    }

    /* FEES */

    /// @inheritdoc ICarbonMarket
    function setFee(uint16 newFeeBps) external restricted {
        _setFee(newFeeBps, feeCapBps);
    }

    /// @inheritdoc ICarbonMarket
    function withdrawFees(address to) external restricted {
        uint256 total = _accruedFees;
        _accruedFees = 0;
        emit FeesWithdrawn(to, total);
        IERC20(coin).safeTransfer(to, total);
    }

    /* VIEWS */

    /// @inheritdoc ICarbonMarket
    function accruedFees() external view returns (uint256) {
        return _accruedFees;
    }

    /// @inheritdoc ICarbonMarket
    function orderState(bytes32 ref) external view returns (OrderState memory) {
        return _orders[ref];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(ICarbonMarket).interfaceId
            || interfaceId == type(IERC5267).interfaceId;
    }

    /// @inheritdoc ICarbonMarket
    function refOf(address maker, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(maker, salt));
    }

    /// @inheritdoc ICarbonMarket
    function digestOf(Order calldata order) external view returns (bytes32) {
        return _hashTypedDataV4(_hashOrder(order));
    }

    /* INTERNAL: CHECKS */

    /// @dev Checks that an order could be filled by the right caller: everything but signature and limits.
    function _checkUsable(bytes32 ref, OrderState memory state, Order memory order, bytes32 orderHash) private view {
        require(order.side == BUY || order.side == SELL, InvalidOrder("side"));
        require(order.kg > 0 && order.kg <= type(uint96).max, InvalidOrder("kg"));
        require(order.pricePerKg > 0, InvalidOrder("pricePerKg"));
        require(order.minFillKg <= order.kg, InvalidOrder("minFillKg"));
        require(state.orderTag == 0 || state.orderTag == bytes18(orderHash), RefTaken(ref));
        require(!state.cancelled, OrderIsCancelled(ref));
        uint256 counter = counterOf[order.maker];
        require(order.counter == counter, CounterMismatch(order.maker, order.counter, counter));
        require(block.timestamp <= order.expiry, OrderExpired(ref, order.expiry));
        require(state.filledKg < order.kg, OrderIsFilled(ref));
    }

    /// @dev Checks that an order can be filled now by `caller`, and ties its ref to it. The state that comes back is to
    /// be stored before anything is called that could change it.
    function _claim(bytes32 ref, Order memory order, bytes calldata signature, address caller)
        private
        returns (OrderState memory state)
    {
        state = _orders[ref];
        bytes32 orderHash = _hashOrder(order);
        _checkUsable(ref, state, order, orderHash);
        require(_mayFill(order.filler, caller), NotFiller(ref, caller, order.filler));
        if (!state.placed) _checkSigned(order.maker, orderHash, signature);
        if (state.orderTag == 0) {
            state.orderTag = bytes18(orderHash);
            emit OrderBound(ref, orderHash);
        }
    }

    /// @dev Checks that a maker's order stands against the taker, at a price within the taker's limit.
    function _checkLimits(bytes32 ref, Order memory order, Taker memory taker) private pure {
        require(order.maker != taker.account, SelfTrade(order.maker));
        require(order.side != taker.side, SameSide(ref));
        bool isWithinLimit =
            taker.side == BUY ? order.pricePerKg <= taker.limitPricePerKg : order.pricePerKg >= taker.limitPricePerKg;
        require(isWithinLimit, PriceOutsideLimit(ref, order.pricePerKg, taker.limitPricePerKg));
    }

    function _checkSigned(address maker, bytes32 structHash, bytes calldata signature) private view {
        require(Signatures.isValid(maker, _hashTypedDataV4(structHash), signature), InvalidMakerSignature(maker));
    }

    function _mayFill(address filler, address caller) private view returns (bool) {
        if (filler == address(0) || filler == caller) return true;
        if (filler != address(this)) return false;
        (bool isMatcher,) = IAccessManager(authority()).hasRole(Roles.MATCHER, caller);
        return isMatcher;
    }

    /* INTERNAL: EFFECTS */

    /// @dev Tries to fill one maker's order; what comes back is empty where that failed.
    function _tryFill(Order calldata order, bytes calldata signature, Taker memory taker, uint128 wantedKg)
        private
        returns (Fill memory fill)
    {
        bytes memory data = abi.encodeCall(this.fillFromSelf, (order, signature, taker, wantedKg));
        // A caller who sends too little gas must not be able to make a maker look unusable.
        require(BoundedCall.canPassOn(FILL_GAS), NotEnoughGas(gasleft(), FILL_GAS));
        (bool success, bytes memory result) = BoundedCall.tryCall(address(this), FILL_GAS, data, MAX_REASON_BYTES);
        if (success) return abi.decode(result, (Fill));
        emit FillSkipped(refOf(order.maker, order.salt), result);
    }

    /// @dev Apart, because the event has more fields than one frame of the EVM's stack can reach over.
    function _emitFilled(bytes32 ref, Order memory order, Taker memory taker, Fill memory fill) private {
        emit OrderFilled(
            ref, taker.ref, taker.account, order.maker, order.side, fill.kg, order.pricePerKg, fill.total, fill.fee
        );
    }

    function _cancel(address maker, bytes32 salt) private {
        bytes32 ref = refOf(maker, salt);
        require(!_orders[ref].cancelled, OrderIsCancelled(ref));
        _orders[ref].cancelled = true;
        emit OrderCancelled(ref, maker);
    }

    function _raiseCounter(address maker) private {
        uint256 counter = ++counterOf[maker];
        emit CounterRaised(maker, counter);
    }

    function _setFee(uint16 feeBps_, uint16 capBps) private {
        require(feeBps_ <= capBps, FeeAboveCap(feeBps_, capBps));
        feeBps = feeBps_;
        emit FeeChanged(feeBps_);
    }

    /* INTERNAL: INTERACTIONS */

    /// @dev Moves coins and checks that all of them arrived.
    function _pay(address from, address to, uint256 total) private {
        if (total == 0) return;
        uint256 before = IERC20(coin).balanceOf(to);
        IERC20(coin).safeTransferFrom(from, to, total);
        uint256 received = IERC20(coin).balanceOf(to) - before;
        require(received == total, CoinShortfall(received, total));
    }

    /// @dev Lets a permit fail: whoever saw it may have used it already, and what counts is the allowance.
    function _tryPermit(address token, address owner, Permit calldata permit) private {
        bytes memory data = abi.encodeCall(
            IERC20Permit.permit, (owner, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s)
        );
        BoundedCall.tryCall(token, PERMIT_GAS, data, 0);
    }

    function _deliver(address from, address to, uint256 kg) private {
        IERC20(credit).safeTransferFrom(from, to, kg);
    }

    /* INTERNAL: ARITHMETIC */

    function _hashOrder(Order memory order) private pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, order));
    }

    function _feeDown(uint256 total) private view returns (uint256) {
        return total * feeBps / BPS;
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
