// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {RetirementCertificate} from "../../src/RetirementCertificate.sol";
import {TestDollar} from "../../src/dev/TestDollar.sol";
import {Retired, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Action} from "../../src/interfaces/IRelay.sol";
import {TypedData} from "../utils/TypedData.sol";
import {AdminHandler} from "./AdminHandler.sol";
import {CreditHandler} from "./CreditHandler.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {World} from "./World.sol";

/// @notice Everything that anyone can do, on one world: by itself, or several things in one call of the relay.
contract Handler is CreditHandler, MarketHandler, AdminHandler {
    uint256 private constant ACTION_GAS = 1_000_000;

    /// @param keepsEvents Whether books are kept from the events alone, which takes its time.
    constructor(bool keepsEvents) World(keepsEvents) {
        _actions.push(Handler.relayMany.selector);
        for (uint256 i = 0; i < 2 * _batchIds.length; ++i) {
            _issue(_batchIds[i % _batchIds.length], i, 8 * i + 8, i);
        }
        _readEvents();
    }

    /* ACTIONS */

    /// @dev One transfer, one retirement, one order and one permit, each of somebody else, and among them one of a used
    /// nonce: only that fails.
    function relayMany(uint256 personSeed, uint256 kgSeed, uint256 badSeed) external acts {
        Action[] memory signed = new Action[](4);
        _relayTransfer(signed[0], personSeed, kgSeed);
        bytes32 nonce = _nextSalt();
        uint256 retirableKg = _relayRetirement(signed[1], personSeed % 8 + 1, kgSeed / 16, nonce);
        signed[2] = _signedAction(
            address(credit), _permitData(_personWithKey(personSeed % 8 + 2), _person(badSeed).addr, kgSeed % MOST_KG)
        );
        signed[3] = _signedAction(address(credit), signed[0].data);
        bool[] memory successes =
            abi.decode(_succeed(stranger, address(relay), abi.encodeCall(relay.relay, (signed))), (bool[]));
        assertTrue(successes[0] && successes[2], "a bad action harmed another");
        assertEq(successes[1], retirableKg > 0, "a bad action harmed another");
        assertFalse(successes[3], "3: nonce used twice");
        if (retirableKg > 0) {
            address holder = _person(personSeed % 8 + 1).addr;
            _bookRetirement(holder, holder, _between(kgSeed / 16, 1, retirableKg), nonce);
            _did();
        }
    }

    /* WHAT THE INVARIANTS READ */

    /// @notice Every action; they take nothing but seeds.
    function actions() external view returns (bytes4[] memory) {
        return _actions;
    }

    function world() external view returns (CarbonCredit, CarbonMarket, RetirementCertificate, TestDollar) {
        return (credit, market, certificate, dollar);
    }

    /// @notice Everyone who could hold anything.
    function accounts() external view returns (address[] memory addresses) {
        addresses = new address[](_people.length + 4);
        for (uint256 i = 0; i < _people.length; ++i) {
            addresses[i] = _people[i].addr;
        }
        addresses[_people.length] = address(market);
        addresses[_people.length + 1] = address(relay);
        addresses[_people.length + 2] = stranger;
        addresses[_people.length + 3] = admin;
    }

    function batchIds() external view returns (bytes32[] memory) {
        return _batchIds;
    }

    function creditIds() external view returns (uint256[] memory) {
        return _creditIds;
    }

    function usedNonces() external view returns (Used[] memory) {
        return _used;
    }

    function orders() external view returns (Known[] memory) {
        return _orders;
    }

    function retirementRefs() external view returns (bytes32[] memory) {
        return _retirementRefs;
    }

    function retirement(bytes32 ref) external view returns (Retired memory) {
        return _retirements[ref];
    }

    /// @notice Who should hold the certificate of a retirement; zero where it has none, or none any more.
    function certified(bytes32 ref) external view returns (address) {
        return _isCertified[ref] && !_isCertificateBurned[ref] ? _retirements[ref].holder : address(0);
    }

    function issuerAccount() external view returns (address) {
        return issuer;
    }

    /* PRIVATE */

    function _signedAction(address target, bytes memory data) private pure returns (Action memory) {
        return Action({target: target, data: data, gasLimit: ACTION_GAS, id: keccak256(data)});
    }

    function _relayTransfer(Action memory action, uint256 personSeed, uint256 kgSeed) private {
        Vm.Wallet memory from = _person(personSeed % 8);
        address to = _person(personSeed % 8 + 3).addr;
        uint256 kg = _between(kgSeed, 0, credit.balanceOf(from.addr));
        bytes32 nonce = _nextSalt();
        (action.target, action.gasLimit) = (address(credit), ACTION_GAS);
        action.data = _transferAuthorization(from, to, kg, nonce);
        _bookKg(from.addr, to, kg);
        _bookNonce(from.addr, nonce);
    }

    /// @dev Returns how much can be retired; where it is nothing the retirement, of one kilogram, must fail.
    function _relayRetirement(Action memory action, uint256 personSeed, uint256 kgSeed, bytes32 nonce)
        private
        view
        returns (uint256 mostKg)
    {
        Vm.Wallet memory holder = _person(personSeed);
        mostKg = _min(credit.balanceOf(holder.addr), credit.attributable());
        Retirement memory it = _retirement(mostKg == 0 ? 1 : _between(kgSeed, 1, mostKg), nonce);
        (action.target, action.gasLimit) = (address(credit), ACTION_GAS);
        action.data = _retireData(holder, it, true);
    }
}
