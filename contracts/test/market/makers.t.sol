// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {BlacklistingCoin} from "../mocks/Coins.sol";
import {
    FloodingWallet,
    GasBurningWallet,
    ReenteringWallet,
    RevertingWallet,
    ShortWallet,
    WrongWallet
} from "../mocks/Wallets.sol";
import {Trading} from "../utils/Trading.t.sol";

/// @notice Twenty makers with 10 kg each, any of whom may be spoiled in any of the ways that there are.
contract MakersTest is Trading {
    uint256 private constant MAKERS = 20;
    uint128 private constant EACH_KG = 10;

    enum Fault {
        None,
        Blacklisted,
        NoCover,
        NoAllowance,
        WalletReverts,
        WalletBurnsGas,
        WalletFloods,
        WalletReenters,
        WalletAnswersWrongly,
        WalletAnswersShort,
        Forged,
        Expired,
        Cancelled,
        CounterRaised,
        WrongSide,
        WrongPrice,
        WrongFiller,
        SaltUsedBefore,
        TooSmall,
        TakersOwn
    }

    BlacklistingCoin private coin = new BlacklistingCoin();
    Vm.Wallet[] private sellers;
    bytes[] private reasons;
    address[] private wallets;
    Order private buying;

    function setUp() public override {
        super.setUp();
        useCoin(coin, 1000e6);
        for (uint256 i = 0; i < MAKERS; ++i) {
            sellers.push(vm.createWallet(uint256(keccak256(abi.encode("seller", i)))));
            issueTo(sellers[i].addr, EACH_KG);
            vm.prank(sellers[i].addr);
            credit.approve(address(market), type(uint256).max);
        }
        wallets.push(address(new RevertingWallet()));
        wallets.push(address(new GasBurningWallet()));
        wallets.push(address(new FloodingWallet()));
        wallets.push(address(new ReenteringWallet(address(market), abi.encodeCall(market.cancelAll, ()), true)));
        wallets.push(address(new WrongWallet()));
        wallets.push(address(new ShortWallet()));
        buying = defaultOrder(company.addr, BUY, uint128(MAKERS) * EACH_KG);
    }

    function test_WhenNineteenMakersAreSpoiledInEveryPosition() external {
        uint256 fresh = vm.snapshotState();
        for (uint256 shift = 0; shift < MAKERS; ++shift) {
            for (uint256 i = 0; i < MAKERS; ++i) {
                _addMaker(i, Fault((i + shift) % MAKERS));
            }
            _settleAndCheck(shift == 0 ? 0 : MAKERS - shift);
            vm.revertToState(fresh);
        }
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_WhenAnyOfTwentyMakersAreSpoiled(uint256 seed) external {
        _addMakers(seed);
        uint128 goodKg = _goodKg();
        for (uint256 i = 0; i < MAKERS; ++i) {
            if (reasons[i].length > 0) expectSkipped(orders[i], reasons[i]);
        }
        if (goodKg == 0) vm.expectPartialRevert(ICarbonMarket.NothingFilled.selector);
        uint128 filledKg = settle(company, buying);
        if (goodKg > 0) assertEq(filledKg, goodKg);
        _checkBooks();
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_WhenACallerTakesFromAnyOfTwentyMakers(uint256 seed) external {
        _addMakers(seed);
        uint128 goodKg = _goodKg();
        vm.prank(company.addr);
        uint256 paid = market.fillMany(goodKg, type(uint256).max, PRICE_PER_KG, orders, signatures);
        assertEq(paid, costOf(goodKg) + feeOn(costOf(EACH_KG)) * (goodKg / EACH_KG));
        _checkBooks();
    }

    /// @dev However much gas a caller sends: every maker is filled, or nothing happens at all.
    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenAnyAmountOfGasIsSentToSettle(uint256 gas) external {
        bytes memory data = abi.encodeCall(market.settle, (_buyingFromThree(), "", orders, signatures, kgs));
        _sendWithGas(stranger, data, gas);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenAnyAmountOfGasIsSentToFill(uint256 gas) external {
        uint128 kg = _buyingFromThree().kg;
        uint256 maxTotal = type(uint256).max;
        bytes memory data = abi.encodeCall(market.fillMany, (kg, maxTotal, PRICE_PER_KG, orders, signatures));
        _sendWithGas(company.addr, data, gas);
    }

    function test_RevertWhen_TooLittleGasIsLeftForAMaker() external {
        _buyingFromThree();
        vm.expectPartialRevert(ICarbonMarket.NotEnoughGas.selector);
        vm.prank(company.addr);
        market.fillMany{gas: 600_000}(30, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenAWalletUsesAllTheGasOfItsCheckAndSaysYes() external {
        address wallet = _addHungryWallet();
        uint256 gasBefore = gasleft();
        buy(EACH_KG);
        assertGt(gasBefore - gasleft(), 400_000);
        assertEq(credit.balanceOf(wallet), 0);
        assertEq(market.counterOf(wallet), 0);
    }

    /* MAKERS */

    function _addMakers(uint256 seed) private {
        for (uint256 i = 0; i < MAKERS; ++i) {
            uint256 roll = uint256(keccak256(abi.encode(seed, i)));
            _addMaker(i, roll % 2 == 0 ? Fault.None : Fault((roll >> 8) % MAKERS));
        }
    }

    /// @dev Lines up the seller's order, spoiled in that way, and notes the reason that it will be skipped for.
    function _addMaker(uint256 i, Fault fault) private {
        Vm.Wallet memory seller = sellers[i];
        Order memory it = defaultOrder(seller.addr, SELL, EACH_KG);
        it.salt = bytes32(i);
        bytes memory reason;
        if (fault >= Fault.WalletReverts && fault <= Fault.WalletAnswersShort) {
            it.maker = wallets[uint8(fault) - uint8(Fault.WalletReverts)];
            reason = abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, it.maker);
        } else if (fault >= Fault.WrongSide || fault == Fault.Expired) {
            reason = _spoilOrder(it, fault);
        } else if (fault != Fault.None) {
            reason = _spoilMaker(seller, it, fault);
        }
        add(it, fault == Fault.Forged ? signOrder(company, it) : signOrder(seller, it), EACH_KG);
        reasons.push(reason);
        if (fault == Fault.SaltUsedBefore) _useSalt(seller, it);
    }

    function _spoilOrder(Order memory it, Fault fault) private view returns (bytes memory reason) {
        bytes32 ref = refOf(it);
        if (fault == Fault.Expired) {
            it.expiry = NOW - 1;
            return abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, ref, it.expiry);
        }
        if (fault == Fault.WrongSide) {
            it.side = BUY;
            return abi.encodeWithSelector(ICarbonMarket.SameSide.selector, ref);
        }
        if (fault == Fault.WrongPrice) {
            it.pricePerKg += 1;
            bytes4 outside = ICarbonMarket.PriceOutsideLimit.selector;
            return abi.encodeWithSelector(outside, ref, it.pricePerKg, PRICE_PER_KG);
        }
        if (fault == Fault.WrongFiller) {
            it.filler = household.addr;
            return abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, ref, stranger, household.addr);
        }
        if (fault == Fault.SaltUsedBefore) {
            return abi.encodeWithSelector(ICarbonMarket.RefTaken.selector, ref);
        }
        if (fault == Fault.TooSmall) {
            it.kg = it.minFillKg = EACH_KG + 1;
            return abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, ref, EACH_KG, EACH_KG + 1);
        }
        it.maker = company.addr;
        return abi.encodeWithSelector(ICarbonMarket.SelfTrade.selector, company.addr);
    }

    function _spoilMaker(Vm.Wallet memory seller, Order memory it, Fault fault) private returns (bytes memory reason) {
        if (fault == Fault.Forged) {
            return abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, seller.addr);
        }
        if (fault == Fault.Blacklisted) {
            coin.blacklist(seller.addr);
            return abi.encodeWithSelector(BlacklistingCoin.Blacklisted.selector, seller.addr);
        }
        vm.startPrank(seller.addr);
        if (fault == Fault.NoCover) {
            credit.transfer(household.addr, 1);
            bytes4 missing = IERC20Errors.ERC20InsufficientBalance.selector;
            reason = abi.encodeWithSelector(missing, seller.addr, EACH_KG - 1, EACH_KG);
        } else if (fault == Fault.NoAllowance) {
            credit.approve(address(market), EACH_KG - 1);
            bytes4 missing = IERC20Errors.ERC20InsufficientAllowance.selector;
            reason = abi.encodeWithSelector(missing, market, EACH_KG - 1, EACH_KG);
        } else if (fault == Fault.Cancelled) {
            market.cancel(it.salt);
            reason = abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, refOf(it));
        } else {
            market.cancelAll();
            reason = abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, seller.addr, 0, 1);
        }
        vm.stopPrank();
    }

    /// @dev Another order of the same salt is on chain already.
    function _useSalt(Vm.Wallet memory seller, Order memory it) private {
        it.pricePerKg -= 1;
        market.place(it, signOrder(seller, it));
    }

    /* CHECKS */

    /// @dev Exactly one maker is good; all the others give their reasons, in their order.
    function _settleAndCheck(uint256 good) private {
        assertEq(reasons[good].length, 0);
        for (uint256 i = 0; i < MAKERS; ++i) {
            if (i != good) expectSkipped(orders[i], reasons[i]);
        }
        assertEq(settle(company, buying), EACH_KG);
        _checkBooks();
    }

    function _goodKg() private view returns (uint128 kg) {
        for (uint256 i = 0; i < MAKERS; ++i) {
            if (reasons[i].length == 0) kg += EACH_KG;
        }
    }

    /// @dev Good makers were filled and paid to the unit, spoiled ones keep what they had.
    function _checkBooks() private view {
        for (uint256 i = 0; i < MAKERS; ++i) {
            bool isGood = reasons[i].length == 0;
            assertEq(market.orderState(refOf(orders[i])).filledKg, isGood ? EACH_KG : 0, "filled");
            assertEq(coin.balanceOf(sellers[i].addr), isGood ? costOf(EACH_KG) : 0, "paid");
            if (isGood) assertEq(credit.balanceOf(sellers[i].addr), 0, "sold");
        }
        uint256 goodKg = _goodKg();
        assertEq(credit.balanceOf(company.addr), goodKg, "bought");
        assertEq(coin.balanceOf(address(market)), market.accruedFees(), "fees");
        assertEq(coin.balanceOf(company.addr), 1000e6 - costOf(goodKg) - market.accruedFees(), "spent");
    }

    /// @dev A maker whose check of a signature uses all the gas that it is given.
    function _addHungryWallet() private returns (address wallet) {
        bytes memory attack = abi.encodeCall(market.cancelAll, ());
        wallet = address(new ReenteringWallet(address(market), attack, false));
        issueTo(wallet, EACH_KG);
        vm.prank(wallet);
        credit.approve(address(market), type(uint256).max);
        add(defaultOrder(wallet, SELL, EACH_KG), "", EACH_KG);
    }

    /// @dev The company's placed order for what three good makers sell, the last of whom needs much gas.
    function _buyingFromThree() private returns (Order memory order) {
        _addMaker(0, Fault.None);
        _addMaker(1, Fault.None);
        _addHungryWallet();
        order = defaultOrder(company.addr, BUY, 3 * EACH_KG);
        vm.prank(company.addr);
        market.place(order, "");
    }

    function _sendWithGas(address sender, bytes memory data, uint256 gas) private {
        gas = bound(gas, 50_000, 1_600_000);
        vm.prank(sender);
        (bool success,) = address(market).call{gas: gas}(data);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(market.orderState(refOf(orders[i])).filledKg, success ? EACH_KG : 0);
        }
        assertEq(credit.balanceOf(company.addr), success ? 3 * EACH_KG : 0);
    }
}
