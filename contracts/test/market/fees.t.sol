// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {PlainCoin} from "../mocks/Coins.sol";
import {Base} from "../utils/Base.t.sol";

contract FeesTest is Base {
    function test_RevertWhen_TheCoinHasFewerThan6Decimals() external {
        address coin = address(new PlainCoin(5));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CoinTooCoarse.selector, 5));
        new CarbonMarket(address(credit), coin, 0, 0, address(manager));
    }

    function test_RevertWhen_TheFeeCapIsAboveTheWhole() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, 10_001, 10_000));
        new CarbonMarket(address(credit), address(dollar), 0, 10_001, address(manager));
    }

    function test_RevertWhen_TheFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, 2, 1));
        new CarbonMarket(address(credit), address(dollar), 2, 1, address(manager));
    }

    function test_RevertWhen_TheCallerIsNoAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, matcher));
        vm.prank(matcher);
        market.setFee(0);
    }

    function test_RevertWhen_TheNewFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, FEE_CAP_BPS + 1, FEE_CAP_BPS));
        vm.prank(admin);
        market.setFee(FEE_CAP_BPS + 1);
    }

    function test_WhenTheNewFeeIsWithinItsCap() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.FeeChanged(FEE_CAP_BPS);
        vm.prank(admin);
        market.setFee(FEE_CAP_BPS);
        assertEq(market.feeBps(), FEE_CAP_BPS);
    }

    function test_RevertWhen_TheCallerWithdrawsWithoutBeingAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        market.withdrawFees(stranger);
    }

    function test_WhenFeesHaveAccrued() external {
        issueTo(household.addr, 100);
        fund(household.addr, 0);
        fund(company.addr, 1000);
        Order[] memory orders = new Order[](1);
        orders[0] = defaultOrder(household.addr, SELL, 100);
        vm.prank(household.addr);
        market.place(orders[0], "");
        vm.prank(company.addr);
        market.fillMany(100, type(uint256).max, PRICE_PER_KG, orders, new bytes[](1));
        dollar.faucet(address(market), 7); // sent by mistake: no fee, so not withdrawn as one

        vm.expectEmit(address(market));
        emit ICarbonMarket.FeesWithdrawn(admin, 25_000);
        vm.prank(admin);
        market.withdrawFees(admin);
        assertEq(dollar.balanceOf(admin), 25_000);
        assertEq(market.accruedFees(), 0);
        assertEq(dollar.balanceOf(address(market)), 7);
    }
}
