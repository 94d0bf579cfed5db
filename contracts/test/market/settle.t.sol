// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";
import {Vm} from "forge-std/Vm.sol";

contract SettleTest is Base {
    Vm.Wallet private neighbour = vm.createWallet("neighbour");

    Order private taking;
    bytes32 private takerRef;
    Order[] private makers;
    bytes[] private signatures;
    uint128[] private kgs;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
        issueTo(neighbour.addr, 100);
        fund(household.addr, 0);
        fund(neighbour.addr, 1000);
        fund(company.addr, 1000);
        taking = defaultOrder(company.addr, BUY, 150);
        takerRef = market.refOf(company.addr, taking.salt);
        _add(household, SELL, PRICE_PER_KG - 5000, 100);
        _add(neighbour, SELL, PRICE_PER_KG, 50);
    }

    function _add(Vm.Wallet memory maker, uint8 side, uint128 pricePerKg, uint128 kg) private {
        Order memory it = defaultOrder(maker.addr, side, 100);
        it.pricePerKg = pricePerKg;
        makers.push(it);
        signatures.push(signMarket(maker, TypedData.order(it)));
        kgs.push(kg);
    }

    function _settle() private returns (uint128) {
        return _settleSigned(signMarket(company, TypedData.order(taking)));
    }

    function _settleSigned(bytes memory signature) private returns (uint128) {
        vm.prank(stranger);
        return market.settle(taking, signature, makers, signatures, kgs);
    }

    function test_RevertWhen_TheListsDifferInLength() external {
        kgs.push(1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.LengthMismatch.selector, 2, 2, 3));
        _settle();
    }

    function test_RevertWhen_TheTakersSignatureIsNotTheTakers() external {
        bytes memory signature = signMarket(household, TypedData.order(taking));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, company.addr));
        _settleSigned(signature);
    }

    function test_RevertWhen_TheTakersOrderIsExpired() external {
        taking.expiry = NOW - 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, takerRef, NOW - 1));
        _settle();
    }

    function test_RevertWhen_TheCallerIsNotTheTakersFiller() external {
        taking.filler = matcher;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, takerRef, stranger, matcher));
        _settle();
    }

    function test_RevertWhen_TheFeeIsAboveWhatTheTakerSigned() external {
        taking.maxFeeBps = FEE_BPS - 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeTooHigh.selector, FEE_BPS, FEE_BPS - 1));
        _settle();
    }

    function test_RevertWhen_NoMakerCanBeFilled() external {
        taking.pricePerKg = PRICE_PER_KG - 5001;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NothingFilled.selector, takerRef));
        _settle();
        assertEq(market.orderState(takerRef).filledKg, 0);
    }

    function test_RevertWhen_LessIsFilledThanTheTakerAccepts() external {
        taking.minFillKg = 150;
        vm.prank(neighbour.addr);
        market.cancelAll();
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, takerRef, 100, 150));
        _settle();
    }

    function test_RevertWhen_TheTakersOrderIsFilledAlready() external {
        _settle();
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, takerRef));
        _settle();
    }

    function test_WhenTheTakerBuys() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderFilled(
            market.refOf(household.addr, makers[0].salt),
            takerRef,
            company.addr,
            household.addr,
            SELL,
            100,
            PRICE_PER_KG - 5000,
            2_000_000,
            20_000
        );
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderSettled(takerRef, company.addr, 150, 3_250_000, 32_500);
        assertEq(_settle(), 150);

        assertEq(credit.balanceOf(company.addr), 150);
        assertEq(dollar.balanceOf(household.addr), 2_000_000);
        assertEq(dollar.balanceOf(neighbour.addr), 1000e6 + 1_250_000);
        assertEq(dollar.balanceOf(company.addr), 1000e6 - 3_282_500);
        assertEq(market.accruedFees(), 32_500);
        assertEq(market.orderState(takerRef).filledKg, 150);
    }

    function test_WhenTheTakerSells() external {
        _clear();
        taking = defaultOrder(household.addr, SELL, 40);
        _add(neighbour, BUY, PRICE_PER_KG + 1000, 40);
        _settleSigned(signMarket(household, TypedData.order(taking)));

        // 40 kg at 26,000 are 1,040,000, of which one percent is the fee.
        assertEq(dollar.balanceOf(household.addr), 1_029_600);
        assertEq(dollar.balanceOf(neighbour.addr), 1000e6 - 1_040_000);
        assertEq(credit.balanceOf(neighbour.addr), 140);
        assertEq(market.accruedFees(), 10_400);
    }

    function test_WhenOneMakerFails() external {
        vm.prank(household.addr);
        credit.approve(address(market), 99);
        bytes memory reason =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 99, 100);
        vm.expectEmit(address(market));
        emit ICarbonMarket.FillSkipped(market.refOf(household.addr, makers[0].salt), reason);
        assertEq(_settle(), 50);
        assertEq(dollar.balanceOf(household.addr), 0);
        assertEq(credit.balanceOf(company.addr), 50);
    }

    function test_WhenBothOrdersArePlaced() external {
        market.place(taking, signMarket(company, TypedData.order(taking)));
        market.place(makers[0], signatures[0]);
        market.place(makers[1], signatures[1]);
        signatures = new bytes[](2);
        assertEq(_settleSigned(""), 150);
    }

    function test_WhenMoreIsWantedThanIsLeft() external {
        kgs[0] = 120;
        kgs[1] = 90;
        assertEq(_settle(), 150);
        assertEq(credit.balanceOf(household.addr), 0);
        assertEq(credit.balanceOf(neighbour.addr), 50);
    }

    function test_WhenTheOrdersNameTheMatcher() external {
        _clear();
        taking.filler = address(market);
        Order memory it = defaultOrder(household.addr, SELL, 100);
        it.filler = address(market);
        makers.push(it);
        signatures.push(signMarket(household, TypedData.order(it)));
        kgs.push(100);

        bytes memory signature = signMarket(company, TypedData.order(taking));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, takerRef, stranger, address(market)));
        _settleSigned(signature);
        vm.prank(matcher);
        assertEq(market.settle(taking, signature, makers, signatures, kgs), 100);
    }

    function test_WhenTheTakerHasCode() external {
        OwnedWallet wallet = new OwnedWallet(company.addr);
        dollar.faucet(address(wallet), 1000e6);
        wallet.approve(dollar, address(market), type(uint256).max);
        taking.maker = address(wallet);
        _settle();
        assertEq(credit.balanceOf(address(wallet)), 150);
    }

    /// @dev Whatever the limit and the fee, a buyer pays at most kg x signed price and the signed fee on it.
    function testFuzz_WhenTheLimitAndTheFeeAreAnything(uint128 limit, uint16 feeBps, uint128 kg) external {
        taking.pricePerKg = uint128(bound(limit, PRICE_PER_KG - 5000, 2 * PRICE_PER_KG));
        taking.kg = uint128(bound(kg, 1, 150));
        feeBps = uint16(bound(feeBps, 0, FEE_CAP_BPS));
        taking.maxFeeBps = feeBps;
        vm.prank(admin);
        market.setFee(feeBps);

        uint128 filledKg = _settle();
        uint256 most = uint256(filledKg) * taking.pricePerKg;
        assertLe(1000e6 - dollar.balanceOf(company.addr), most + most * feeBps / 10_000);
        assertEq(credit.balanceOf(company.addr), filledKg);
    }

    function _clear() private {
        delete makers;
        delete signatures;
        delete kgs;
    }
}
