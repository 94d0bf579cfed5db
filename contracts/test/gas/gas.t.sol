// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchTerms, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice What the calls that people pay for most use, without the transaction around them. `make contracts-test`
/// compares them with `contracts/snapshots`; `make gas-snapshot` writes them anew.
contract GasTest is Base {
    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 1000);
        issueTo(company.addr, 1000);
        fund(household.addr, 1000);
        fund(company.addr, 1000);
    }

    function test_WhenAHundredCreditsAreIssuedToKnownHolders() external {
        BatchTerms memory terms = defaultTerms();
        Issuance memory it = issuanceOf(terms, household.addr, 10);
        (it.recipients, it.kg, it.creditIds) = (new address[](100), new uint256[](100), new uint256[](100));
        for (uint256 i = 0; i < 100; ++i) {
            (it.recipients[i], it.kg[i], it.creditIds[i]) = (household.addr, 10, creditId(1000 + i));
        }
        it.bufferKg = bufferFor(1000, terms.bufferBps);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.prank(issuer);
        credit.issue(terms, it, signature);
        vm.snapshotGasLastCall("calls", "issue 100 credits to a known holder");
    }

    function test_WhenCreditsAreTransferred() external {
        vm.prank(household.addr);
        assertTrue(credit.transfer(company.addr, 100));
        vm.snapshotGasLastCall("calls", "transfer");
    }

    function test_WhenCreditsAreTransferredBySignature() external {
        bytes32 structHash =
            TypedData.authorization("Transfer", household.addr, company.addr, 100, NOW + 1 days, bytes32(0));
        bytes memory signature = signCredit(household, structHash);
        credit.transferWithAuthorization(household.addr, company.addr, 100, 0, NOW + 1 days, bytes32(0), signature);
        vm.snapshotGasLastCall("calls", "transferWithAuthorization");
    }

    function test_WhenCreditsAreRetired() external {
        vm.prank(household.addr);
        credit.retire(defaultRetirement(100), 5);
        vm.snapshotGasLastCall("calls", "retire from 1 batch");
    }

    function test_WhenAnOrderIsPlaced() external {
        _place(defaultOrder(household.addr, SELL, 100));
        vm.snapshotGasLastCall("calls", "place");
    }

    function test_WhenAPlacedOrderIsFilled() external {
        Order[] memory orders = new Order[](1);
        orders[0] = defaultOrder(household.addr, SELL, 100);
        _place(orders[0]);
        vm.prank(company.addr);
        market.fillMany(100, type(uint256).max, PRICE_PER_KG, orders, new bytes[](1));
        vm.snapshotGasLastCall("calls", "fillMany 1 placed order, with a fee");
    }

    function test_WhenASignedOrderIsSettled() external {
        Order[] memory makers = new Order[](1);
        bytes[] memory signatures = new bytes[](1);
        uint128[] memory kgs = new uint128[](1);
        makers[0] = defaultOrder(household.addr, SELL, 100);
        signatures[0] = signMarket(household, TypedData.order(makers[0]));
        kgs[0] = 100;
        Order memory taker = defaultOrder(company.addr, BUY, 100);
        market.settle(taker, signMarket(company, TypedData.order(taker)), makers, signatures, kgs);
        vm.snapshotGasLastCall("calls", "settle 1 signed order, with a fee");
    }

    function test_WhenRecordsAreAnchored() external {
        vm.startPrank(anchorer);
        anchor.anchor("first", 1, 0);
        anchor.anchor("second", 1000, "first");
        vm.snapshotGasLastCall("calls", "anchor");
    }

    function _place(Order memory order) private {
        vm.prank(order.maker);
        market.place(order, "");
    }
}
