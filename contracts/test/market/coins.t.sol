// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {
    BlacklistingCoin,
    FeeOnTransferCoin,
    FloodingCoin,
    GasBurningCoin,
    PlainCoin,
    RebasingCoin,
    ReenteringCoin,
    RefusingCoin,
    SilentCoin
} from "../mocks/Coins.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract CoinsTest is Trading {
    Order private selling;

    function setUp() public override {
        super.setUp();
        selling = defaultOrder(household.addr, SELL, 100);
    }

    /// @dev A market in that coin, in which the household sells.
    function _tradeIn(PlainCoin coin) private {
        useCoin(coin, 1000e6);
        addSigned(household, selling);
    }

    function _reenterBy(bytes memory data) private returns (ReenteringCoin coin) {
        coin = new ReenteringCoin();
        _tradeIn(coin);
        coin.arm(address(market), data);
    }

    function _withdraw() private {
        vm.prank(admin);
        market.withdrawFees(admin);
    }

    function test_WhenTheCoinHas18Decimals() external {
        PlainCoin coin = new PlainCoin(18);
        useCoin(coin, 1000e18);
        addSigned(household, selling);
        assertEq(buy(40), 1.01e18);
        assertEq(coin.balanceOf(household.addr), 1e18);
        assertEq(market.accruedFees(), 0.01e18);
    }

    function test_WhenTheCoinReturnsFalse() external {
        RefusingCoin coin = new RefusingCoin();
        _tradeIn(coin);
        expectNothingBought(40, abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, coin));
    }

    function test_WhenTheCoinReturnsNothing() external {
        SilentCoin coin = new SilentCoin();
        _tradeIn(coin);
        assertEq(buy(40), 1_010_000);
        _withdraw();
        assertEq(coin.balanceOf(household.addr), 1_000_000);
        assertEq(coin.balanceOf(admin), 10_000);
    }

    function test_WhenTheCoinTakesAFeeOnTransfer() external {
        _tradeIn(new FeeOnTransferCoin());
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.CoinShortfall.selector, 990_000, 1_000_000));
    }

    function test_WhenTheCoinDeliversMoreThanWasSent() external {
        ReenteringCoin coin = _reenterBy("");
        coin.arm(address(coin), abi.encodeCall(PlainCoin.mint, (household.addr, 1)));
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.CoinShortfall.selector, 1_000_001, 1_000_000));
    }

    function test_WhenTheCoinShrinksBalances() external {
        RebasingCoin coin = new RebasingCoin();
        _tradeIn(coin);
        buy(40);
        coin.shrink(500);
        uint256 before = coin.balanceOf(household.addr);
        buy(40);
        assertEq(coin.balanceOf(household.addr) - before, 1_000_000);

        // 20,000 accrued, of which the first 10,000 shrank by half.
        assertEq(market.accruedFees(), 20_000);
        assertEq(coin.balanceOf(address(market)), 15_000);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        _withdraw();
        assertEq(market.accruedFees(), 20_000);
    }

    function test_WhenTheCoinRoundsBalancesDown() external {
        RebasingCoin coin = new RebasingCoin();
        _tradeIn(coin);
        coin.shrink(999);
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.CoinShortfall.selector, 999_999, 1_000_000));
    }

    function test_WhenTheCoinRevertsWithAFlood() external {
        _tradeIn(new FloodingCoin());
        expectNothingBought(40, new bytes(256));
    }

    function test_WhenTheCoinBurnsAllGas() external {
        _tradeIn(new GasBurningCoin());
        uint256 gasBefore = gasleft();
        expectNothingBought(40, "");
        assertLt(gasBefore - gasleft(), 900_000);
    }

    function test_WhenTheCoinBlacklistsAMaker() external {
        BlacklistingCoin coin = new BlacklistingCoin();
        _tradeIn(coin);
        addPlaced(defaultOrder(neighbour.addr, SELL, 100));
        coin.blacklist(household.addr);
        expectSkipped(selling, abi.encodeWithSelector(BlacklistingCoin.Blacklisted.selector, household.addr));
        buy(60);
        assertEq(credit.balanceOf(neighbour.addr), 40);
        assertEq(market.accruedFees(), feeOn(costOf(60)));
    }

    function test_WhenTheCoinBlacklistsTheMarket() external {
        BlacklistingCoin coin = new BlacklistingCoin();
        _tradeIn(coin);
        coin.blacklist(address(market));
        expectNothingBought(40, abi.encodeWithSelector(BlacklistingCoin.Blacklisted.selector, address(market)));
        assertEq(market.accruedFees(), 0);
        assertEq(coin.balanceOf(household.addr), 0);
    }

    /* COINS THAT CALL BACK */

    function test_WhenTheCoinFills() external {
        _reenterBy(abi.encodeCall(market.fillMany, (1, type(uint256).max, PRICE_PER_KG, orders, signatures)));
        expectNothingBought(40, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    function test_WhenTheCoinSettles() external {
        _reenterBy(abi.encodeCall(market.settle, (selling, "", orders, signatures, kgs)));
        expectNothingBought(40, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    function test_WhenTheCoinFillsAsIfItWereTheMarket() external {
        CarbonMarket.Taker memory taker;
        _reenterBy(abi.encodeCall(market.fillFromSelf, (selling, "", taker, 1)));
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.OnlySelf.selector));
    }

    function test_WhenTheCoinPlacesAnOrder() external {
        ReenteringCoin coin = _reenterBy("");
        Order memory other = defaultOrder(neighbour.addr, SELL, 100);
        bytes memory signature = signOrder(neighbour, other);
        coin.arm(address(market), abi.encodeCall(market.place, (other, signature)));
        buy(40);
        assertEq(credit.balanceOf(company.addr), 40);
        assertTrue(market.orderState(refOf(other)).placed);
    }

    function test_WhenTheCoinCancelsTheOrderBeingFilled() external {
        ReenteringCoin coin = _reenterBy("");
        bytes memory signature = signMarket(household, TypedData.cancelOrder(household.addr, selling.salt));
        coin.arm(address(market), abi.encodeCall(market.cancelWithSignature, (household.addr, selling.salt, signature)));
        buy(40);
        assertEq(credit.balanceOf(company.addr), 40);
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, refOf(selling)));
    }

    function test_WhenTheCoinCancelsTheTakersOrderBeingSettled() external {
        ReenteringCoin coin = _reenterBy("");
        Order memory buying = defaultOrder(company.addr, BUY, 100);
        buying.kg = 40;
        bytes memory signature = signMarket(company, TypedData.cancelOrder(company.addr, buying.salt));
        coin.arm(address(market), abi.encodeCall(market.cancelWithSignature, (company.addr, buying.salt, signature)));
        assertEq(settle(company, buying), 40);
        assertTrue(market.orderState(refOf(buying)).cancelled);
        assertEq(market.orderState(refOf(buying)).filledKg, 40);
    }
}
