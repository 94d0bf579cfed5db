// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Vm} from "forge-std/Vm.sol";

import {ICarbonMarket, Order, Permit} from "../../src/interfaces/ICarbonMarket.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {FloodingPermitCoin, GasBurningPermitCoin, PlainCoin} from "../mocks/Coins.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract PermitsTest is Trading {
    uint256 private constant ENOUGH = 2e6;

    Order private selling;
    Order private buying;

    function setUp() public override {
        super.setUp();
        _allowNothing(household.addr);
        _allowNothing(company.addr);
        selling = defaultOrder(household.addr, SELL, 100);
        buying = defaultOrder(company.addr, BUY, 40);
    }

    function _allowNothing(address account) private {
        vm.startPrank(account);
        credit.approve(address(market), 0);
        dollar.approve(address(market), 0);
        vm.stopPrank();
    }

    function _signPermit(Vm.Wallet memory signer, address owner, bytes32 domain, uint256 value, uint256 deadline)
        private
        view
        returns (Permit memory permit)
    {
        bytes32 structHash = TypedData.permit(owner, address(market), value, 0, deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signer.privateKey, TypedData.digest(domain, structHash));
        return Permit({value: value, deadline: deadline, v: v, r: r, s: s});
    }

    function _creditPermit() private view returns (Permit memory) {
        return _signPermit(household, household.addr, creditDomain(), 100, NOW + 1);
    }

    function _coinPermit() private view returns (Permit memory) {
        return _signPermit(company, company.addr, dollar.DOMAIN_SEPARATOR(), ENOUGH, NOW + 1);
    }

    function _use(IERC20Permit token, address owner, Permit memory permit) private {
        vm.prank(stranger);
        token.permit(owner, address(market), permit.value, permit.deadline, permit.v, permit.r, permit.s);
    }

    function _place(Permit memory permit, Order memory order, bytes memory signature) private {
        vm.prank(stranger);
        assertEq(market.placeWithPermit(permit, order, signature), refOf(order));
    }

    /// @dev The order stands, and nothing may be taken of its maker.
    function _assertPlacedWithoutAllowance(Permit memory permit) private {
        _place(permit, selling, signOrder(household, selling));
        assertTrue(market.orderState(refOf(selling)).placed);
        assertEq(credit.allowance(household.addr, address(market)), 0);
        assertEq(credit.nonces(household.addr), 0);
    }

    function _fill(Permit memory permit) private returns (uint256 total) {
        vm.prank(company.addr);
        return market.fillManyWithPermit(permit, 40, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function _neighbourSells() private {
        addSigned(neighbour, defaultOrder(neighbour.addr, SELL, 100));
    }

    function _assertFilledAllTheSame(Permit memory permit) private {
        assertEq(_fill(permit), costOf(40) + feeOn(costOf(40)));
        assertEq(credit.balanceOf(company.addr), 40);
    }

    /// @dev Trades in a coin whose permit is not to be relied on, of which the market may take what it needs.
    function _useOddCoin(PlainCoin coin) private {
        useCoin(coin, 1000e6);
        _neighbourSells();
    }

    /* PLACE */

    function test_WhenASellersPermitIsGood() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderPlaced(refOf(selling), household.addr, selling);
        _place(_creditPermit(), selling, signOrder(household, selling));
        assertEq(credit.allowance(household.addr, address(market)), 100);
        assertEq(dollar.allowance(household.addr, address(market)), 0);
    }

    function test_WhenABuyersPermitIsGood() external {
        _place(_coinPermit(), buying, signOrder(company, buying));
        assertTrue(market.orderState(refOf(buying)).placed);
        assertEq(dollar.allowance(company.addr, address(market)), ENOUGH);
        assertEq(credit.allowance(company.addr, address(market)), 0);
    }

    function test_WhenTheSellersPermitWasUsedBefore() external {
        _use(credit, household.addr, _creditPermit());
        _place(_creditPermit(), selling, signOrder(household, selling));
        assertTrue(market.orderState(refOf(selling)).placed);
        assertEq(credit.allowance(household.addr, address(market)), 100);
    }

    function test_WhenTheSellersPermitIsExpired() external {
        _assertPlacedWithoutAllowance(_signPermit(household, household.addr, creditDomain(), 100, NOW - 1));
    }

    function test_WhenTheSellersPermitIsSignedByAnother() external {
        _assertPlacedWithoutAllowance(_signPermit(neighbour, household.addr, creditDomain(), 100, NOW + 1));
    }

    function test_WhenTheSellersPermitIsForTheCoin() external {
        _assertPlacedWithoutAllowance(_signPermit(household, household.addr, dollar.DOMAIN_SEPARATOR(), 100, NOW + 1));
    }

    function test_WhenTheSellersPermitIsNonsense() external {
        _assertPlacedWithoutAllowance(Permit({value: 1, deadline: NOW + 1, v: 3, r: "r", s: "s"}));
    }

    function test_RevertWhen_ThePermitIsGoodAndTheOrderIsNot() external {
        bytes memory signature = signOrder(company, selling);
        Permit memory permit = _creditPermit();
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        vm.prank(stranger);
        market.placeWithPermit(permit, selling, signature);
        assertEq(credit.nonces(household.addr), 0);
    }

    function test_RevertWhen_PlacingWithAPermitIsPaused() external {
        vm.prank(guardian);
        market.pause();
        Permit memory permit = _creditPermit();
        vm.expectRevert(abi.encodeWithSelector(IPausing.IsPaused.selector, NOW + 7 days));
        vm.prank(household.addr);
        market.placeWithPermit(permit, selling, "");
        assertEq(credit.nonces(household.addr), 0);
    }

    /* FILL */

    function test_WhenTheCallersPermitIsGood() external {
        _neighbourSells();
        _assertFilledAllTheSame(_coinPermit());
        assertEq(dollar.allowance(company.addr, address(market)), ENOUGH - costOf(40) - feeOn(costOf(40)));
    }

    function test_WhenTheCallersPermitWasUsedBefore() external {
        _neighbourSells();
        _use(dollar, company.addr, _coinPermit());
        _assertFilledAllTheSame(_coinPermit());
    }

    function test_WhenTheCallersPermitFailsAndTheAllowanceStands() external {
        _neighbourSells();
        vm.prank(company.addr);
        dollar.approve(address(market), ENOUGH);
        _assertFilledAllTheSame(
            _signPermit(company, company.addr, dollar.DOMAIN_SEPARATOR(), type(uint256).max, NOW - 1)
        );
        assertLt(dollar.allowance(company.addr, address(market)), ENOUGH);
    }

    function test_RevertWhen_TheCallersPermitFailsAndNoAllowanceStands() external {
        _neighbourSells();
        Permit memory permit = _signPermit(household, company.addr, dollar.DOMAIN_SEPARATOR(), ENOUGH, NOW + 1);
        bytes4 missing = IERC20Errors.ERC20InsufficientAllowance.selector;
        expectSkipped(orders[0], abi.encodeWithSelector(missing, market, 0, costOf(40)));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 40, 0));
        _fill(permit);
    }

    function test_RevertWhen_FillingWithAPermitIsPaused() external {
        vm.prank(guardian);
        market.pause();
        Permit memory permit = _coinPermit();
        vm.expectRevert(abi.encodeWithSelector(IPausing.IsPaused.selector, NOW + 7 days));
        _fill(permit);
        assertEq(dollar.nonces(company.addr), 0);
    }

    function test_WhenTheCoinHasNoPermit() external {
        _useOddCoin(new PlainCoin(6));
        _assertFilledAllTheSame(_coinPermit());
    }

    function test_WhenTheCoinsPermitBurnsAllGas() external {
        _useOddCoin(new GasBurningPermitCoin());
        Permit memory permit = _coinPermit();
        uint256 gasBefore = gasleft();
        _assertFilledAllTheSame(permit);
        uint256 gasUsed = gasBefore - gasleft();
        assertGt(gasUsed, 200_000);
        assertLt(gasUsed, 600_000);
    }

    function test_WhenTheCoinsPermitAnswersWithAFlood() external {
        _useOddCoin(new FloodingPermitCoin());
        Permit memory permit = _coinPermit();
        uint256 gasBefore = gasleft();
        _assertFilledAllTheSame(permit);
        assertLt(gasBefore - gasleft(), 500_000);
    }
}
