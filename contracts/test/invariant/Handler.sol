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

    /// @dev A transfer, a retirement, a permit and an order, of four people, and among them the transfer again: only
    /// that fails, and what can't be done just now.
    function relayMany(uint256 personSeed, uint256 kgSeed, uint256 orderSeed) external acts {
        uint256 first = personSeed % _people.length;
        Action[] memory signed = new Action[](5);
        signed[0] = _relayed(address(credit), _transferOf(_person(first), _person(first + 2).addr, kgSeed));
        signed[1] = signed[0];
        (bytes memory data, Retirement memory it) = _retirementOf(_person(first + 1), kgSeed / 16);
        signed[2] = _relayed(address(credit), data);
        address spender = _person(first + 3).addr;
        signed[3] = _relayed(address(credit), _permitData(_personWithKey(first), spender, kgSeed % MOST_KG));
        Known memory known = _sign(_newOrder(_person(first + 3), kgSeed, orderSeed, orderSeed / 16));
        signed[4] = _relayed(address(market), abi.encodeCall(market.place, (known.order, known.signature)));

        bool isPaused = block.timestamp < market.pausedUntil();
        bytes memory result = _succeed(stranger, address(relay), abi.encodeCall(relay.relay, (signed)));
        bool[] memory successes = abi.decode(result, (bool[]));
        assertFalse(successes[1], "3: nonce used twice");
        assertTrue(successes[0] && successes[3] && successes[4] != isPaused, "a bad action harmed another");
        assertEq(successes[2], it.kg > 0, "a bad action harmed another");
        if (it.kg > 0) _bookRetirement(_person(first + 1).addr, _person(first + 1).addr, it.kg, it.nonce);
        if (it.kg > 0 && !isPaused) _did();
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

    function _relayed(address target, bytes memory data) private pure returns (Action memory) {
        return Action({target: target, data: data, gasLimit: ACTION_GAS, id: keccak256(data)});
    }

    function _transferOf(Vm.Wallet memory from, address to, uint256 kgSeed) private returns (bytes memory) {
        uint256 kg = _between(kgSeed, 0, credit.balanceOf(from.addr));
        bytes32 nonce = _nextSalt();
        _bookKg(from.addr, to, kg);
        _bookNonce(from.addr, nonce);
        return _transferAuthorization(from, to, kg, nonce);
    }

    /// @dev What the holder can retire now. Where that is nothing, a retirement of nothing, which must fail.
    function _retirementOf(Vm.Wallet memory holder, uint256 kgSeed)
        private
        returns (bytes memory data, Retirement memory it)
    {
        uint256 mostKg = _min(credit.balanceOf(holder.addr), credit.attributable());
        it = _retirement(mostKg == 0 ? 0 : _between(kgSeed, 1, mostKg), _nextSalt());
        return (_retireData(holder, it, true), it);
    }
}
