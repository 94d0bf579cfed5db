// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {BlacklistingCoin, FeeOnTransferCoin, PlainCoin, ReenteringCoin} from "../mocks/Coins.sol";
import {FloodingWallet, GasBurningWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract FillManyTest is Base {
    address private neighbour = makeAddr("neighbour");

    Order[] private orders;
    bytes[] private signatures;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
        issueTo(neighbour, 100);
        fund(household.addr, 0);
        fund(neighbour, 0);
        fund(company.addr, 1000);
        Order memory it = defaultOrder(household.addr, SELL, 100);
        _add(it, signMarket(household, TypedData.order(it)));
    }

    function _add(Order memory order, bytes memory signature) private {
        orders.push(order);
        signatures.push(signature);
    }

    /// @dev The neighbour's placed order, behind whatever stands in front.
    function _addPlaced(uint128 kg) private {
        Order memory it = defaultOrder(neighbour, SELL, kg);
        vm.prank(neighbour);
        market.place(it, "");
        _add(it, "");
    }

    function _buy(uint128 kg) private returns (uint256 total) {
        vm.prank(company.addr);
        return market.fillMany(kg, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function _expectSkipped(Order memory order, bytes memory reason) private {
        vm.expectEmit(address(market));
        emit ICarbonMarket.FillSkipped(market.refOf(order.maker, order.salt), reason);
    }

    /// @dev Trades in another coin: a market of its own, with the household's order signed for it.
    function _useCoin(PlainCoin coin, uint256 units) private {
        market = new CarbonMarket(address(credit), address(coin), FEE_BPS, FEE_CAP_BPS, address(manager));
        coin.mint(company.addr, units);
        vm.prank(company.addr);
        coin.approve(address(market), type(uint256).max);
        vm.prank(household.addr);
        credit.approve(address(market), type(uint256).max);
        vm.prank(neighbour);
        credit.approve(address(market), type(uint256).max);
        signatures[0] = signMarket(household, TypedData.order(orders[0]));
    }

    function test_RevertWhen_TheListsDifferInLength() external {
        signatures.push("");
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.LengthMismatch.selector, 1, 2, 1));
        _buy(1);
    }

    function test_RevertWhen_TheOrdersHoldTooLittle() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 101, 100));
        _buy(101);
    }

    function test_RevertWhen_TheTotalsExceedTheLimit() external {
        uint256 total = 100 * uint256(PRICE_PER_KG) * 101 / 100;
        _expectSkipped(orders[0], abi.encodeWithSelector(ICarbonMarket.TotalAboveLimit.selector, total, total - 1));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 100, 0));
        vm.prank(company.addr);
        market.fillMany(100, total - 1, PRICE_PER_KG, orders, signatures);
    }

    function test_RevertWhen_TooLittleGasIsSent() external {
        _addPlaced(100);
        vm.expectPartialRevert(ICarbonMarket.NotEnoughGas.selector);
        vm.prank(company.addr);
        market.fillMany{gas: 600_000}(150, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenOneOrderGivesAll() external {
        bytes32 ref = market.refOf(household.addr, orders[0].salt);
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderFilled(ref, 0, company.addr, household.addr, SELL, 40, PRICE_PER_KG, 1_000_000, 10_000);
        assertEq(_buy(40), 1_010_000);

        assertEq(credit.balanceOf(company.addr), 40);
        assertEq(dollar.balanceOf(household.addr), 1_000_000);
        assertEq(dollar.balanceOf(company.addr), 1000e6 - 1_010_000);
        assertEq(market.accruedFees(), 10_000);
        assertEq(market.orderState(ref).filledKg, 40);
    }

    function test_WhenAnOrderIsUsedUp() external {
        _addPlaced(100);
        _buy(100);
        _expectSkipped(
            orders[0],
            abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, market.refOf(household.addr, orders[0].salt))
        );
        _buy(60);
        assertEq(credit.balanceOf(company.addr), 160);
        assertEq(credit.balanceOf(neighbour), 40);
    }

    function test_WhenOrdersAreUnusable() external {
        bytes32 ref = market.refOf(household.addr, orders[0].salt);
        orders[0].pricePerKg += 1;
        _addVariant(BUY, 100, address(0), "buys");
        _addVariant(SELL, 100, stranger, "another filler");
        _addVariant(SELL, 61, address(0), "least fill");
        _addPlaced(100);

        _expectSkipped(
            orders[0],
            abi.encodeWithSelector(ICarbonMarket.PriceOutsideLimit.selector, ref, PRICE_PER_KG + 1, PRICE_PER_KG)
        );
        _expectSkipped(orders[1], abi.encodeWithSelector(ICarbonMarket.SameSide.selector, _ref(1)));
        _expectSkipped(
            orders[2], abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, _ref(2), company.addr, stranger)
        );
        _expectSkipped(orders[3], abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, _ref(3), 60, 61));
        _buy(60);
        assertEq(credit.balanceOf(neighbour), 40);
        assertEq(credit.balanceOf(household.addr), 100);
    }

    function test_WhenAMakerIsBlacklistedByTheCoin() external {
        BlacklistingCoin coin = new BlacklistingCoin();
        _useCoin(coin, 1000e6);
        _addPlaced(100);
        coin.blacklist(household.addr);
        _expectSkipped(orders[0], abi.encodeWithSelector(BlacklistingCoin.Blacklisted.selector, household.addr));
        _buy(60);
        assertEq(credit.balanceOf(neighbour), 40);
        assertEq(market.accruedFees(), 60 * uint256(PRICE_PER_KG) / 100);
    }

    function test_WhenAWalletBurnsAllGas() external {
        _assertHarmless(address(new GasBurningWallet()));
    }

    function test_WhenAWalletFloodsWithData() external {
        _assertHarmless(address(new FloodingWallet()));
    }

    function test_WhenTheCoinTakesAFeeOnTransfer() external {
        _useCoin(new FeeOnTransferCoin(), 1000e6);
        _expectSkipped(orders[0], abi.encodeWithSelector(ICarbonMarket.CoinShortfall.selector, 990_000, 1_000_000));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 40, 0));
        _buy(40);
    }

    function test_WhenTheCoinReentersTheMarket() external {
        ReenteringCoin coin = new ReenteringCoin();
        _useCoin(coin, 1000e6);
        coin.arm(
            address(market), abi.encodeCall(market.fillMany, (1, type(uint256).max, PRICE_PER_KG, orders, signatures))
        );
        _expectSkipped(
            orders[0], abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 40, 0));
        _buy(40);
    }

    function test_WhenTheRestIsBelowTheLeastFill() external {
        orders[0].minFillKg = 70;
        signatures[0] = signMarket(household, TypedData.order(orders[0]));
        _buy(80);
        _buy(20);
        assertEq(credit.balanceOf(household.addr), 0);
    }

    function test_WhenTheCoinHas18Decimals() external {
        PlainCoin coin = new PlainCoin(18);
        _useCoin(coin, 1000e18);
        assertEq(_buy(40), 1.01e18);
        assertEq(coin.balanceOf(household.addr), 1e18);
    }

    function test_RevertWhen_TheCallerIsNotTheMarket() external {
        CarbonMarket.Taker memory taker;
        vm.expectRevert(ICarbonMarket.OnlySelf.selector);
        market.fillFromSelf(orders[0], signatures[0], taker, 1);
    }

    function test_WhenTheMakerSellsToItself() external {
        fund(household.addr, 1000);
        _expectSkipped(orders[0], abi.encodeWithSelector(ICarbonMarket.SelfTrade.selector, household.addr));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 1, 0));
        vm.prank(household.addr);
        market.fillMany(1, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenTheMakersCoverIsGone() external {
        vm.prank(household.addr);
        credit.transfer(stranger, 61);
        _addPlaced(100);
        _expectSkipped(
            orders[0], abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, household.addr, 39, 60)
        );
        _buy(60);
        assertEq(credit.balanceOf(neighbour), 40);
    }

    /// @dev At any size and price, the maker gets kg x price exactly, and the taker pays that and its fee.
    function testFuzz_WhenSizeAndPriceAreAnything(uint128 kg, uint128 pricePerKg) external {
        kg = uint128(bound(kg, 1, 100));
        pricePerKg = uint128(bound(pricePerKg, 1, 1e15));
        orders[0].pricePerKg = pricePerKg;
        signatures[0] = signMarket(household, TypedData.order(orders[0]));
        dollar.faucet(company.addr, 1e18);
        uint256 before = dollar.balanceOf(company.addr);

        vm.prank(company.addr);
        uint256 paid = market.fillMany(kg, type(uint256).max, pricePerKg, orders, signatures);
        uint256 total = uint256(kg) * pricePerKg;
        assertEq(dollar.balanceOf(household.addr), total);
        assertEq(before - dollar.balanceOf(company.addr), paid);
        assertEq(paid, total + total * FEE_BPS / 10_000);
        assertEq(dollar.balanceOf(address(market)), market.accruedFees());
    }

    function _ref(uint256 i) private view returns (bytes32) {
        return market.refOf(orders[i].maker, orders[i].salt);
    }

    function _addVariant(uint8 side, uint128 minFillKg, address filler, bytes32 salt) private {
        Order memory it = defaultOrder(household.addr, side, 100);
        (it.minFillKg, it.filler, it.salt) = (minFillKg, filler, salt);
        _add(it, signMarket(household, TypedData.order(it)));
    }

    function _assertHarmless(address wallet) private {
        orders[0] = defaultOrder(wallet, SELL, 100);
        _addPlaced(100);
        _expectSkipped(orders[0], abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, wallet));
        uint256 gasBefore = gasleft();
        _buy(60);
        assertLt(gasBefore - gasleft(), 1_200_000);
        assertEq(credit.balanceOf(neighbour), 40);
    }
}
