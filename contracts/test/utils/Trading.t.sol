// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {PlainCoin} from "../mocks/Coins.sol";
import {Base} from "./Base.t.sol";
import {TypedData} from "./TypedData.sol";

/// @notice Two households with 100 kg each, a company with 1,000 dollars, and the makers' orders that a test lines up
/// for a fill or a settlement.
abstract contract Trading is Base {
    Vm.Wallet internal neighbour = vm.createWallet("neighbour");

    Order[] internal orders;
    bytes[] internal signatures;
    uint128[] internal kgs;

    function setUp() public virtual override {
        super.setUp();
        issueTo(household.addr, 100);
        issueTo(neighbour.addr, 100);
        fund(household.addr, 0);
        fund(neighbour.addr, 0);
        fund(company.addr, 1000);
    }

    /* ORDERS */

    /// @dev Lines up an order; a settlement takes at most `kg` of it.
    function add(Order memory order, bytes memory signature, uint128 kg) internal {
        orders.push(order);
        signatures.push(signature);
        kgs.push(kg);
    }

    function addSigned(Vm.Wallet memory maker, Order memory order) internal {
        add(order, signOrder(maker, order), order.kg);
    }

    function addPlaced(Order memory order) internal {
        vm.prank(order.maker);
        market.place(order, "");
        add(order, "", order.kg);
    }

    function clearOrders() internal {
        delete orders;
        delete signatures;
        delete kgs;
    }

    function signOrder(Vm.Wallet memory maker, Order memory order) internal view returns (bytes memory) {
        return signMarket(maker, TypedData.order(order));
    }

    /// @dev An order's name, by its definition.
    function refOf(Order memory order) internal pure returns (bytes32) {
        return keccak256(abi.encode(order.maker, order.salt));
    }

    function costOf(uint256 kg) internal pure returns (uint256 total) {
        return kg * PRICE_PER_KG;
    }

    function feeOn(uint256 total) internal pure returns (uint256 fee) {
        return total * FEE_BPS / 10_000;
    }

    /* ACTIONS */

    /// @dev The company buys, at the default price at most.
    function buy(uint128 kg) internal returns (uint256 total) {
        vm.prank(company.addr);
        return market.fillMany(kg, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    /// @dev The company buys nothing, because the first order gives this reason.
    function expectNothingBought(uint128 kg, bytes memory reason) internal {
        expectSkipped(orders[0], reason);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, kg, 0));
        buy(kg);
    }

    function settle(Vm.Wallet memory taker, Order memory taking) internal returns (uint128 filledKg) {
        return settle(taking, signOrder(taker, taking));
    }

    function settle(Order memory taking, bytes memory signature) internal returns (uint128 filledKg) {
        vm.prank(stranger);
        return market.settle(taking, signature, orders, signatures, kgs);
    }

    /// @dev Trades in another coin: a market of its own, of which the company holds `units`.
    function useCoin(PlainCoin coin, uint256 units) internal {
        market = new CarbonMarket(address(credit), address(coin), FEE_BPS, FEE_CAP_BPS, address(manager));
        coin.mint(company.addr, units);
        vm.prank(company.addr);
        coin.approve(address(market), type(uint256).max);
        vm.prank(household.addr);
        credit.approve(address(market), type(uint256).max);
        vm.prank(neighbour.addr);
        credit.approve(address(market), type(uint256).max);
    }

    /* EXPECTATIONS */

    function expectSkipped(Order memory order, bytes memory reason) internal {
        vm.expectEmit(address(market));
        emit ICarbonMarket.FillSkipped(refOf(order), reason);
    }

    /// @dev How many of the logs since the last `vm.recordLogs` are this event.
    function countOf(Vm.Log[] memory logs, bytes32 topic) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }
}
