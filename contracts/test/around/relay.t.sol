// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Action, IRelay} from "../../src/interfaces/IRelay.sol";
import {FloodingWallet, GasBurningWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract RelayTest is Base {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;

    Action[] private actions;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
    }

    function _add(address target, bytes memory data, uint256 gasLimit) private {
        actions.push(Action({target: target, data: data, gasLimit: gasLimit, id: bytes32(actions.length)}));
    }

    /// @dev The household's signed transfer of one kilogram, named by its nonce.
    function _addTransfer(bytes32 nonce) private {
        bytes32 structHash = TypedData.authorization("Transfer", household.addr, company.addr, 1, VALID_BEFORE, nonce);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), structHash));
        bytes memory data = abi.encodeWithSelector(
            ERC3009.transferWithAuthorization.selector, household.addr, company.addr, 1, 0, VALID_BEFORE, nonce, v, r, s
        );
        _add(address(credit), data, 200_000);
    }

    function _expectRelayed(uint256 id, bool success, bytes memory result) private {
        vm.expectEmit(address(relay));
        emit IRelay.ActionRelayed(bytes32(id), success, result);
    }

    function test_RevertWhen_TooLittleGasIsSent() external {
        _addTransfer("a");
        vm.expectPartialRevert(IRelay.NotEnoughGas.selector);
        relay.relay{gas: 200_000}(actions);
    }

    function test_WhenTheActionsAreSignedByMany() external {
        fund(household.addr, 0);
        fund(company.addr, 1000);
        Order memory selling = defaultOrder(household.addr, SELL, 60);
        Order memory buying = defaultOrder(company.addr, BUY, 50);
        Order[] memory makers = new Order[](1);
        makers[0] = selling;
        uint128[] memory kgs = new uint128[](1);
        kgs[0] = 50;
        bytes memory sellSignature = signMarket(household, TypedData.order(selling));
        bytes memory buySignature = signMarket(company, TypedData.order(buying));
        _add(address(market), abi.encodeCall(market.place, (selling, sellSignature)), 300_000);
        _add(
            address(market),
            abi.encodeCall(market.settle, (buying, buySignature, makers, new bytes[](1), kgs)),
            1_500_000
        );
        _addTransfer("a");

        vm.prank(stranger);
        bool[] memory successes = relay.relay(actions);
        assertTrue(successes[0] && successes[1] && successes[2]);
        assertEq(credit.balanceOf(company.addr), 51);
    }

    function test_WhenAnActionFails() external {
        _addTransfer("a");
        _addTransfer("a");
        _addTransfer("b");
        _expectRelayed(0, true, "");
        _expectRelayed(
            1, false, abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, bytes32("a"))
        );
        _expectRelayed(2, true, "");
        relay.relay(actions);
        assertEq(credit.balanceOf(company.addr), 2);
    }

    function test_WhenAnActionBurnsAllGas() external {
        address burner = address(new GasBurningWallet());
        _add(burner, abi.encodeCall(GasBurningWallet.isValidSignature, (0, "")), 100_000);
        _addTransfer("a");
        _expectRelayed(0, false, "");
        _expectRelayed(1, true, "");
        uint256 gasBefore = gasleft();
        relay.relay(actions);
        assertLt(gasBefore - gasleft(), 300_000);
    }

    function test_WhenAnActionReturnsAFlood() external {
        _add(address(new FloodingWallet()), hex"12345678", 500_000);
        _expectRelayed(0, false, new bytes(256));
        relay.relay(actions);
    }

    function test_WhenTheTargetHasNoCode() external {
        _add(stranger, "", 100_000);
        _expectRelayed(0, false, abi.encodeWithSelector(IRelay.NoCode.selector, stranger));
        relay.relay(actions);
    }

    function test_WhenAPermitWasFrontRun() external {
        bytes32 structHash = TypedData.permit(household.addr, address(market), 60, 0, VALID_BEFORE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), structHash));
        _add(
            address(credit),
            abi.encodeCall(credit.permit, (household.addr, address(market), 60, VALID_BEFORE, v, r, s)),
            200_000
        );
        _addTransfer("a");
        vm.prank(stranger);
        credit.permit(household.addr, address(market), 60, VALID_BEFORE, v, r, s);

        bool[] memory successes = relay.relay(actions);
        assertFalse(successes[0]);
        assertTrue(successes[1]);
        assertEq(credit.allowance(household.addr, address(market)), 60);
    }
}
