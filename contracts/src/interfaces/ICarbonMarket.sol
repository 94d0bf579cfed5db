// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IPausing} from "./IPausing.sol";

/// @notice A limit order. Signed or placed on chain; nothing is escrowed either way.
/// @dev EIP-712 type: Order(address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,
/// uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps)
struct Order {
    /// @dev Who buys or sells.
    address maker;
    /// @dev 0 buys credits, 1 sells credits.
    uint8 side;
    /// @dev How much at most, over all fills, in kg. Below 2^96.
    uint128 kg;
    /// @dev Worst price accepted, in millionths of the coin per kg.
    uint128 pricePerKg;
    /// @dev Smallest fill accepted, in kg; whatever is left at the end may be smaller. Equal to `kg`: all or nothing.
    uint128 minFillKg;
    /// @dev Who may fill: zero anyone, the market's own address any matcher, else this account only.
    address filler;
    /// @dev Last second at which the order can be filled, Unix time.
    uint64 expiry;
    /// @dev The maker's counter; raising it cancels every order that carries a lower one.
    uint256 counter;
    /// @dev The maker's name for the order, used once, for ever.
    bytes32 salt;
    /// @dev Highest fee accepted when the order takes, in hundredths of a percent. A resting order pays no fee.
    uint16 maxFeeBps;
}

/// @notice What the chain knows of an order.
struct OrderState {
    /// @dev The first 18 bytes of the EIP-712 struct hash of the one order that this ref belongs to; zero until it is
    /// placed or first filled.
    bytes18 orderTag;
    /// @dev Filled so far, in kg.
    uint96 filledKg;
    /// @dev Whether it was placed on chain, so that fills need no signature.
    bool placed;
    /// @dev Whether it was cancelled by itself (its counter may have cancelled it too).
    bool cancelled;
}

/// @notice An ERC-2612 permit that lets the market spend a token of its owner.
struct Permit {
    /// @dev How much the market may spend, in the token's base units.
    uint256 value;
    /// @dev Last second at which the permit can be used, Unix time.
    uint256 deadline;
    /// @dev The owner's signature.
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @title ICarbonMarket
/// @notice Spot market between one CarbonCredit and one ERC-20 stablecoin. One primitive, the order; credits and coins
/// stay with their owners until a fill moves both legs directly between maker and taker.
/// @dev Total = kg x pricePerKg x scale, exact. Only the taker bears the fee: on top when buying, out of the proceeds
/// when selling. A maker pays or receives exactly the signed price.
/// @dev `ref` names an order: keccak256(abi.encode(maker, salt)). A ref belongs to one order for ever.
/// @dev Pausing stops placing, filling and settling; never cancelling or the withdrawal of fees.
/// @dev Warning: maker and taker must be two addresses; that they are two persons can't be told on chain.
/// @dev Warning: a taker's order with `filler` zero may be settled by anyone against any makers within its limits.
interface ICarbonMarket is IPausing, IERC165 {
    /* EVENTS */

    /// @notice The order is public on chain. Later fills need no signature.
    event OrderPlaced(bytes32 indexed ref, address indexed maker, Order order);

    /// @notice The ref belongs to the signed order with this hash from now on: it is being filled for the first time.
    /// @dev `orderHash` is the order's EIP-712 struct hash. A placed order's is the hash of its OrderPlaced.
    event OrderBound(bytes32 indexed ref, bytes32 orderHash);

    /// @notice `kg` of the maker's order were filled at the maker's price.
    /// @dev `takerRef` is zero when the taker called `fillMany`. `side` is the maker's. `total` and `fee` are in the
    /// coin's base units; the fee is the taker's.
    event OrderFilled(
        bytes32 indexed ref,
        bytes32 indexed takerRef,
        address indexed taker,
        address maker,
        uint8 side,
        uint256 kg,
        uint256 pricePerKg,
        uint256 total,
        uint256 fee
    );

    /// @notice A taker's signed or placed order was filled by `kg` in all, at `total` in all, for `fee` in all.
    event OrderSettled(bytes32 indexed takerRef, address indexed taker, uint256 kg, uint256 total, uint256 fee);

    /// @notice A maker's order could not be filled and was passed over. `reason` is the encoded error, cut at 256 bytes.
    event FillSkipped(bytes32 indexed ref, bytes reason);

    /// @notice The order can never be filled again.
    event OrderCancelled(bytes32 indexed ref, address indexed maker);

    /// @notice Every order of `maker` with a counter below `counter` is cancelled.
    event CounterRaised(address indexed maker, uint256 counter);

    /// @notice The fee of future fills changed.
    event FeeChanged(uint16 feeBps);

    /// @notice Accrued fees left the market.
    event FeesWithdrawn(address indexed to, uint256 total);

    /* ERRORS */

    /// @notice The address is no CarbonCredit.
    error NotCarbonCredit(address account);

    /// @notice The coin has fewer than 6 decimals, too coarse for the price's unit.
    error CoinTooCoarse(uint8 decimals);

    /// @notice A fee above the cap set at deployment, or a cap above 100 %.
    error FeeAboveCap(uint16 feeBps, uint16 feeCapBps);

    /// @notice The order is not well formed: `field` names the first offending one.
    error InvalidOrder(string field);

    /// @notice The order's time is over.
    error OrderExpired(bytes32 ref, uint256 expiry);

    /// @notice What the maker signed carries another counter than the maker's: a lower one was cancelled with all others.
    error CounterMismatch(address maker, uint256 counter, uint256 makerCounter);

    /// @notice The order was cancelled.
    error OrderIsCancelled(bytes32 ref);

    /// @notice The order is on chain already.
    error OrderIsPlaced(bytes32 ref);

    /// @notice The ref belongs to another order.
    error RefTaken(bytes32 ref);

    /// @notice The signature is not the maker's over exactly this.
    error InvalidMakerSignature(address maker);

    /// @notice The caller is not who the order lets fill it.
    error NotFiller(bytes32 ref, address caller, address filler);

    /// @notice Both orders stand on the same side.
    error SameSide(bytes32 ref);

    /// @notice Maker and taker are the same address.
    error SelfTrade(address account);

    /// @notice The maker's price is worse than the taker's limit.
    error PriceOutsideLimit(bytes32 ref, uint256 pricePerKg, uint256 limitPricePerKg);

    /// @notice Nothing is left of the order.
    error OrderIsFilled(bytes32 ref);

    /// @notice The fill is smaller than the order accepts.
    error FillTooSmall(bytes32 ref, uint256 kg, uint256 leastKg);

    /// @notice The total and its fee exceed what the taker would pay.
    error TotalAboveLimit(uint256 total, uint256 limit);

    /// @notice The market's fee is above what the taker signed.
    error FeeTooHigh(uint16 feeBps, uint16 maxFeeBps);

    /// @notice The usable orders hold only `filledKg` of the `kg` asked for.
    error NotEnoughFilled(uint256 kg, uint256 filledKg);

    /// @notice No maker could be filled, so the taker's order stays as it was.
    error NothingFilled(bytes32 takerRef);

    /// @notice The lists are not of one length.
    error LengthMismatch(uint256 orders, uint256 signatures, uint256 kgs);

    /// @notice The coin delivered another amount than was sent, e.g. because it takes a fee of its own.
    error CoinShortfall(uint256 received, uint256 expected);

    /// @notice Too little gas is left to give a maker its full share; send the transaction with more.
    error NotEnoughGas(uint256 gasLeft, uint256 gasNeeded);

    /// @notice Only the market itself may call this.
    error OnlySelf();

    /* PLACE AND CANCEL */

    /// @notice Puts an order on chain. By its maker, or by anyone who bears the maker's signature. Not while paused.
    /// @param order The order.
    /// @param signature The maker's EIP-712 signature (65 bytes, or ERC-1271); not looked at when the maker calls.
    /// @return ref The order's name.
    function place(Order calldata order, bytes calldata signature) external returns (bytes32 ref);

    /// @notice `place`, after trying the maker's permit for what the order would deliver: credits of a seller, coins of
    /// a buyer. A permit that fails changes nothing; somebody may have used it already.
    /// @param permit The maker's permit.
    /// @param order As in `place`.
    /// @param signature As in `place`.
    /// @return ref The order's name.
    function placeWithPermit(Permit calldata permit, Order calldata order, bytes calldata signature)
        external
        returns (bytes32 ref);

    /// @notice Cancels the caller's order, placed or not.
    /// @param salt The order's salt.
    function cancel(bytes32 salt) external;

    /// @notice Cancels an order of `maker`, who signed for it.
    /// @dev EIP-712 type: CancelOrder(address maker,bytes32 salt)
    /// @param maker Whose order it is.
    /// @param salt The order's salt.
    /// @param signature The maker's EIP-712 signature (65 bytes, or ERC-1271).
    function cancelWithSignature(address maker, bytes32 salt, bytes calldata signature) external;

    /// @notice Cancels every order of the caller that carries the current counter, by raising it.
    function cancelAll() external;

    /// @notice Raises `maker`'s counter, who signed for it.
    /// @dev EIP-712 type: CancelAllOrders(address maker,uint256 counter)
    /// @param maker Whose orders are cancelled.
    /// @param counter The maker's current counter; the signature is spent once it is raised.
    /// @param signature The maker's EIP-712 signature (65 bytes, or ERC-1271).
    function cancelAllWithSignature(address maker, uint256 counter, bytes calldata signature) external;

    /* FILL */

    /// @notice Buys exactly `kg` from sell orders in the order given, passing over what is unusable. Not while paused.
    /// @param kg How much to buy; the call reverts when the orders can't give it within the limits.
    /// @param maxTotal What the caller pays at most, fee included, in the coin's base units.
    /// @param maxPricePerKg Orders dearer than this are passed over; millionths of the coin per kg.
    /// @param orders The makers' sell orders.
    /// @param signatures The makers' signatures, empty for placed orders.
    /// @return total What the caller paid, fee included, in the coin's base units.
    function fillMany(
        uint128 kg,
        uint256 maxTotal,
        uint128 maxPricePerKg,
        Order[] calldata orders,
        bytes[] calldata signatures
    ) external returns (uint256 total);

    /// @notice `fillMany`, after trying the caller's permit for the coin. A permit that fails changes nothing;
    /// somebody may have used it already.
    /// @param permit The caller's permit.
    /// @param kg As in `fillMany`.
    /// @param maxTotal As in `fillMany`.
    /// @param maxPricePerKg As in `fillMany`.
    /// @param orders As in `fillMany`.
    /// @param signatures As in `fillMany`.
    /// @return total As in `fillMany`.
    function fillManyWithPermit(
        Permit calldata permit,
        uint128 kg,
        uint256 maxTotal,
        uint128 maxPricePerKg,
        Order[] calldata orders,
        bytes[] calldata signatures
    ) external returns (uint256 total);

    /// @notice Fills a taker's order against makers' orders, each at the maker's price. Anyone may call, within what
    /// each order's `filler` allows. Not while paused.
    /// @param takerOrder The order that takes.
    /// @param takerSignature The taker's signature, empty for a placed order.
    /// @param makers The orders to take from.
    /// @param makerSignatures The makers' signatures, empty for placed orders.
    /// @param kgs How much to fill at most of each maker's order; what is left of either order bounds it too.
    /// @return filledKg How much was filled in all, in kg. Never zero.
    function settle(
        Order calldata takerOrder,
        bytes calldata takerSignature,
        Order[] calldata makers,
        bytes[] calldata makerSignatures,
        uint128[] calldata kgs
    ) external returns (uint128 filledKg);

    /* FEES */

    /// @notice Sets the taker's fee for future fills. Admin only.
    /// @param newFeeBps The fee in hundredths of a percent, within the cap set at deployment.
    function setFee(uint16 newFeeBps) external;

    /// @notice Sends all accrued fees to `to`. Admin only.
    /// @param to Who receives them.
    function withdrawFees(address to) external;

    /* VIEWS */

    /// @notice The credits traded.
    function credit() external view returns (address);

    /// @notice The coin that pays.
    function coin() external view returns (address);

    /// @notice Coin base units per millionth of a coin: 10 ** (decimals - 6).
    function scale() external view returns (uint256);

    /// @notice The taker's fee, in hundredths of a percent.
    function feeBps() external view returns (uint16);

    /// @notice The highest fee that can ever be set, in hundredths of a percent.
    function feeCapBps() external view returns (uint16);

    /// @notice Fees accrued and not yet withdrawn, in the coin's base units.
    function accruedFees() external view returns (uint256);

    /// @notice The counter that `maker`'s orders must carry.
    function counterOf(address maker) external view returns (uint256);

    /// @notice What the chain knows of the order named `ref`.
    function orderState(bytes32 ref) external view returns (OrderState memory);

    /// @notice The name of an order: keccak256(abi.encode(maker, salt)).
    function refOf(address maker, bytes32 salt) external pure returns (bytes32);

    /// @notice The EIP-712 digest of an order: what its maker signs.
    function digestOf(Order calldata order) external view returns (bytes32);
}
