// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Action, IRelay} from "../../src/interfaces/IRelay.sol";
import {EchoTarget} from "../mocks/Targets.sol";
import {FloodingWallet, GasBurningWallet} from "../mocks/Wallets.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract RelayTest is Trading {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;
    uint256 private constant MOST_GAS = 16_000_000;

    Action[] private actions;

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

    function _addPermit() private returns (bytes memory data) {
        bytes32 structHash = TypedData.permit(household.addr, address(market), 60, 0, VALID_BEFORE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), structHash));
        data = abi.encodeCall(credit.permit, (household.addr, address(market), 60, VALID_BEFORE, v, r, s));
        _add(address(credit), data, 200_000);
    }

    function _addRetirement(uint256 kg) private {
        Retirement memory it = defaultRetirement(kg);
        bytes memory signature = signCredit(household, TypedData.retirement(household.addr, it, NOW - 1, VALID_BEFORE));
        _add(
            address(credit),
            abi.encodeCall(credit.retireWithAuthorization, (household.addr, it, NOW - 1, VALID_BEFORE, 5, signature)),
            400_000
        );
    }

    function _expectRelayed(uint256 id, bool success, bytes memory result) private {
        vm.expectEmit(address(relay));
        emit IRelay.ActionRelayed(bytes32(id), success, result);
    }

    function _relay() private returns (bool[] memory) {
        vm.prank(stranger);
        return relay.relay(actions);
    }

    function test_WhenThereAreNoActions() external {
        vm.recordLogs();
        assertEq(_relay().length, 0);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_WhenTheActionsAreSignedByMany() external {
        vm.prank(household.addr);
        credit.approve(address(market), 0); // until the permit
        Order memory selling = defaultOrder(household.addr, SELL, 60);
        Order memory buying = defaultOrder(company.addr, BUY, 50);
        bytes memory sellSignature = signOrder(household, selling);
        bytes memory buySignature = signOrder(company, buying);
        add(selling, "", 50);

        _addPermit();
        _add(address(market), abi.encodeCall(market.place, (selling, sellSignature)), 300_000);
        _addRetirement(20);
        bytes memory settlement = abi.encodeCall(market.settle, (buying, buySignature, orders, signatures, kgs));
        _add(address(market), settlement, 1_500_000);
        _addTransfer("a");

        _expectRelayed(0, true, "");
        _expectRelayed(1, true, abi.encode(refOf(selling)));
        _expectRelayed(2, true, abi.encode(keccak256(abi.encode(household.addr, keccak256("retirement")))));
        _expectRelayed(3, true, abi.encode(50));
        _expectRelayed(4, true, "");
        bool[] memory successes = _relay();
        assertEq(successes.length, 5);
        assertTrue(successes[0] && successes[1] && successes[2] && successes[3] && successes[4]);
        assertEq(credit.balanceOf(company.addr), 51);
        assertEq(credit.balanceOf(household.addr), 100 - 20 - 51);
    }

    function test_WhenAnActionFails() external {
        _addTransfer("a");
        _addTransfer("a");
        _addTransfer("b");
        bytes4 used = ERC3009.ERC3009UsedAuthorization.selector;
        _expectRelayed(0, true, "");
        _expectRelayed(1, false, abi.encodeWithSelector(used, household.addr, bytes32("a")));
        _expectRelayed(2, true, "");
        bool[] memory successes = _relay();
        assertTrue(successes[0] && !successes[1] && successes[2]);
        assertEq(credit.balanceOf(company.addr), 2);
    }

    function test_WhenOnlyOneOfSixIsGoodInEveryPosition() external {
        address[] memory targets = new address[](5);
        targets[0] = address(new GasBurningWallet());
        targets[1] = address(new FloodingWallet());
        targets[2] = stranger; // no code
        targets[3] = address(credit); // no such function
        targets[4] = address(4); // a precompile has no code either
        bytes memory burn = abi.encodeCall(GasBurningWallet.isValidSignature, (0, ""));

        uint256 fresh = vm.snapshotState();
        for (uint256 good = 0; good < 6; ++good) {
            for (uint256 i = 0; i < 5; ++i) {
                if (i == good) _addTransfer("a");
                _add(targets[i], i == 0 ? burn : bytes(hex"12345678"), 100_000);
            }
            if (good == 5) _addTransfer("a");
            bool[] memory successes = _relay();
            for (uint256 i = 0; i < 6; ++i) {
                assertEq(successes[i], i == good);
            }
            assertEq(credit.balanceOf(company.addr), 1);
            vm.revertToState(fresh);
        }
    }

    function test_WhenAnActionBurnsAllGas() external {
        address burner = address(new GasBurningWallet());
        _add(burner, abi.encodeCall(GasBurningWallet.isValidSignature, (0, "")), 100_000);
        _addTransfer("a");
        _expectRelayed(0, false, "");
        _expectRelayed(1, true, "");
        uint256 gasBefore = gasleft();
        _relay();
        assertLt(gasBefore - gasleft(), 300_000);
    }

    function test_WhenAnActionReturnsAFlood() external {
        _add(address(new FloodingWallet()), hex"12345678", 500_000);
        _expectRelayed(0, false, new bytes(256));
        _relay();
    }

    /// @dev The first 256 bytes, of an answer and of an error alike.
    function testFuzz_WhenAnActionReturnsAnyLength(uint256 length, bool reverts) external {
        length = bound(length, 1, 600);
        bytes memory data = new bytes(length);
        bytes memory kept = new bytes(length < 256 ? length : 256);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = bytes1(uint8(i + (reverts ? 0 : 1)));
            if (i < kept.length) kept[i] = data[i];
        }
        _add(address(new EchoTarget()), data, 100_000);
        _expectRelayed(0, !reverts, kept);
        assertEq(_relay()[0], !reverts);
    }

    function test_WhenTheTargetHasNoCode() external {
        _add(stranger, "", 100_000);
        _expectRelayed(0, false, abi.encodeWithSelector(IRelay.NoCode.selector, stranger));
        assertFalse(_relay()[0]);
    }

    function test_WhenThePermitWasFrontRun() external {
        bytes memory permit = _addPermit();
        _addTransfer("a");
        vm.prank(stranger);
        (bool wasFirst,) = address(credit).call(permit);
        assertTrue(wasFirst);

        bool[] memory successes = _relay();
        assertFalse(successes[0]);
        assertTrue(successes[1]);
        assertEq(credit.allowance(household.addr, address(market)), 60);
    }

    function test_WhenATargetCallsTheRelayAgain() external {
        _addTransfer("a");
        bytes memory inner = abi.encodeCall(relay.relay, (actions));
        _add(address(relay), inner, 400_000);
        _addTransfer("b");

        bytes4 used = ERC3009.ERC3009UsedAuthorization.selector;
        _expectRelayed(0, true, "");
        _expectRelayed(0, false, abi.encodeWithSelector(used, household.addr, bytes32("a"))); // the inner one
        _expectRelayed(1, true, abi.encode(new bool[](1)));
        _expectRelayed(2, true, "");
        _relay();
        assertEq(credit.balanceOf(company.addr), 2);
    }

    /* GAS */

    function test_RevertWhen_TooLittleGasIsSent() external {
        _addTransfer("a");
        vm.expectPartialRevert(IRelay.NotEnoughGas.selector);
        relay.relay{gas: 200_000}(actions);
    }

    function test_RevertWhen_AnActionWantsMoreGasThanThereIs() external {
        _addTransfer("a");
        _add(address(credit), "", type(uint256).max);
        vm.expectPartialRevert(IRelay.NotEnoughGas.selector);
        _relay();
        assertEq(credit.balanceOf(company.addr), 0);
    }

    /// @dev However much gas a submitter sends: every action is done, or nothing happens at all.
    function testFuzz_WhenAnyAmountOfGasIsSent(uint256 gas) external {
        for (uint256 i = 0; i < 3; ++i) {
            _addTransfer(bytes32(i));
        }
        gas = bound(gas, 30_000, 700_000);
        bytes memory data = abi.encodeCall(relay.relay, (actions));
        (bool success, bytes memory result) = address(relay).call{gas: gas}(data);
        assertEq(credit.balanceOf(company.addr), success ? 3 : 0);
        if (!success) return;
        bool[] memory successes = abi.decode(result, (bool[]));
        assertTrue(successes[0] && successes[1] && successes[2]);
    }

    function test_WhenFiftyAuthorisationsAreSubmitted() external {
        for (uint256 i = 0; i < 50; ++i) {
            _addTransfer(keccak256(abi.encode(i))); // of slots of their own, the dearest kind
        }
        bytes memory data = abi.encodeCall(relay.relay, (actions));
        uint256 gasBefore = gasleft();
        (bool success,) = address(relay).call{gas: MOST_GAS - 21_000 - 16 * data.length}(data);
        assertTrue(success);
        assertLt(gasBefore - gasleft(), MOST_GAS);
        assertEq(credit.balanceOf(company.addr), 50);
    }
}
