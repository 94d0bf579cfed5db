// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {BoundedCall} from "../../src/libraries/BoundedCall.sol";
import {EchoTarget, GasMeter} from "../mocks/Targets.sol";

contract BoundedCallTest is Test {
    uint256 private constant ENTRY_GAS = 100;

    address private echo = address(new EchoTarget());
    address private meter = address(new GasMeter());

    /// @dev Only this contract calls it, with the gas that is to be left.
    function meterIfItCanBePassedOn(uint256 gasLimit) external returns (uint256 gasGot) {
        if (!BoundedCall.canPassOn(gasLimit)) return 0;
        (, bytes memory result) = BoundedCall.tryCall(meter, gasLimit, "", 32);
        return abi.decode(result, (uint256));
    }

    function testFuzz_WhenTheGasCanBePassedOn(uint256 gas, uint256 gasLimit) external {
        gas = bound(gas, 40_000, 2_000_000);
        gasLimit = bound(gasLimit, 1000, 2_000_000);
        uint256 gasGot = this.meterIfItCanBePassedOn{gas: gas}(gasLimit);
        bool wasPassedOn = gasGot > 0;
        if (wasPassedOn) assertApproxEqAbs(gasGot, gasLimit, ENTRY_GAS);
        else assertGt(gasLimit, (gas - 12_000) * 63 / 64 - 1000, "could have been passed on");
    }

    function test_WhenHardlyAnyGasIsLeft() external view {
        assertFalse(this.canPassOnNothing{gas: 10_000}());
        assertTrue(this.canPassOnNothing{gas: 11_000}());
    }

    function canPassOnNothing() external view returns (bool) {
        return BoundedCall.canPassOn(0);
    }

    function testFuzz_WhenAnythingIsReturned(bytes memory data, uint256 maxBytes) external {
        maxBytes = bound(maxBytes, 0, 400);
        bool isRevert = data.length > 0 && data[0] == 0;
        (bool success, bytes memory result) = BoundedCall.tryCall(echo, 100_000, data, maxBytes);
        bytes memory next = "what is allocated next lies behind";
        assertEq(success, !isRevert);
        assertEq(result, _cut(data, maxBytes));
        assertEq(next, "what is allocated next lies behind");
    }

    function _cut(bytes memory data, uint256 maxBytes) private pure returns (bytes memory result) {
        result = new bytes(data.length < maxBytes ? data.length : maxBytes);
        for (uint256 i = 0; i < result.length; ++i) {
            result[i] = data[i];
        }
    }
}
