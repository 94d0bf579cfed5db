// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {stdError} from "forge-std/StdError.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonCredit} from "../../src/interfaces/ICarbonCredit.sol";
import {ICarbonMarket, Order, OrderState} from "../../src/interfaces/ICarbonMarket.sol";
import {PlainCoin} from "../mocks/Coins.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract DeploymentTest is Trading {
    function _deploy(address credit_, address coin, uint16 feeBps, uint16 feeCapBps) private returns (CarbonMarket) {
        return new CarbonMarket(credit_, coin, feeBps, feeCapBps, address(manager));
    }

    function _refuseCredit(address credit_, address coin) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotCarbonCredit.selector, credit_));
        _deploy(credit_, coin, 0, 0);
    }

    /* CONSTRUCTOR */

    function test_RevertWhen_TheCreditIsNoCarbonCredit() external {
        _refuseCredit(address(0), address(dollar));
        _refuseCredit(stranger, address(dollar));
        _refuseCredit(address(market), address(dollar));
    }

    function test_RevertWhen_CreditAndCoinAreSwapped() external {
        _refuseCredit(address(dollar), address(credit));
    }

    function test_RevertWhen_TheCoinHasNoDecimals() external {
        vm.expectRevert();
        _deploy(address(credit), address(0), 0, 0);
        vm.expectRevert();
        _deploy(address(credit), address(relay), 0, 0);
    }

    function test_RevertWhen_TheCoinHasFewerThan6Decimals() external {
        address coin = address(new PlainCoin(5));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CoinTooCoarse.selector, 5));
        _deploy(address(credit), coin, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CoinTooCoarse.selector, 3));
        _deploy(address(credit), address(credit), 0, 0);
    }

    function test_RevertWhen_TheCoinHasMoreDecimalsThanCanBeCounted() external {
        address coin = address(new PlainCoin(84));
        vm.expectRevert(stdError.arithmeticError);
        _deploy(address(credit), coin, 0, 0);
    }

    function test_RevertWhen_TheFeeCapIsAboveTheWhole() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, 10_001, 10_000));
        _deploy(address(credit), address(dollar), 0, 10_001);
    }

    function test_RevertWhen_TheFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, 2, 1));
        _deploy(address(credit), address(dollar), 2, 1);
    }

    function test_WhenTheMarketIsDeployed() external {
        address coin = address(new PlainCoin(18));
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectEmit(expected);
        emit ICarbonMarket.FeeChanged(10_000);
        CarbonMarket it = _deploy(address(credit), coin, 10_000, 10_000);
        assertEq(it.credit(), address(credit));
        assertEq(it.coin(), coin);
        assertEq(it.feeBps(), 10_000);
        assertEq(it.feeCapBps(), 10_000);
        assertEq(it.authority(), address(manager));
        assertEq(it.accruedFees(), 0);
    }

    /* VIEWS */

    function test_WhenTheCoinHasAnyDecimals() external {
        assertEq(market.scale(), 1);
        assertEq(_deploy(address(credit), address(new PlainCoin(7)), 0, 0).scale(), 10);
        assertEq(_deploy(address(credit), address(new PlainCoin(18)), 0, 0).scale(), 1e12);
        assertEq(_deploy(address(credit), address(new PlainCoin(83)), 0, 0).scale(), 1e77);
    }

    function test_WhenACreditIsTraded() external view {
        assertEq(market.credit(), address(credit));
    }

    function test_WhenACoinPays() external view {
        assertEq(market.coin(), address(dollar));
    }

    function test_WhenAFeeIsSet() external view {
        assertEq(market.feeBps(), FEE_BPS);
    }

    function test_WhenAFeeIsCapped() external view {
        assertEq(market.feeCapBps(), FEE_CAP_BPS);
    }

    function test_WhenAMakerHasCancelledAllTwice() external {
        vm.startPrank(household.addr);
        market.cancelAll();
        market.cancelAll();
        assertEq(market.counterOf(household.addr), 2);
        assertEq(market.counterOf(neighbour.addr), 0);
    }

    function test_WhenNothingIsKnownOfAnOrder() external view {
        OrderState memory state = market.orderState("nothing");
        assertEq(abi.encode(state), new bytes(128));
    }

    function testFuzz_WhenAnyoneNamesAnOrder(address maker, bytes32 salt) external view {
        assertEq(market.refOf(maker, salt), keccak256(abi.encode(maker, salt)));
    }

    function testFuzz_WhenAnyOrderIsHashed(Order memory order) external view {
        assertEq(market.digestOf(order), TypedData.digest(marketDomain(), TypedData.order(order)));
    }

    function test_WhenTheDomainIsAskedFor() external view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = market.eip712Domain();
        assertEq(fields, hex"0f");
        assertEq(name, "Carbon Credit Market");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifyingContract, address(market));
        assertEq(salt, 0);
        assertEq(extensions.length, 0);
    }

    function test_WhenAnInterfaceIsAskedFor() external view {
        assertTrue(market.supportsInterface(0x01ffc9a7));
        assertTrue(market.supportsInterface(type(IERC165).interfaceId));
        assertTrue(market.supportsInterface(type(ICarbonMarket).interfaceId));
        assertTrue(market.supportsInterface(type(IERC5267).interfaceId));
        assertFalse(market.supportsInterface(0xffffffff));
        assertFalse(market.supportsInterface(type(ICarbonCredit).interfaceId));
    }
}
