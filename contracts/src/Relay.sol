// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Action, IRelay} from "./interfaces/IRelay.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";

/// @title Relay
/// @notice See IRelay.
contract Relay is IRelay {
    uint256 private constant MAX_RESULT_BYTES = 256;

    /// @inheritdoc IRelay
    function relay(Action[] calldata actions) external returns (bool[] memory successes) {
        successes = new bool[](actions.length);
        for (uint256 i = 0; i < actions.length; ++i) {
            successes[i] = _try(actions[i]);
        }
    }

    function _try(Action calldata action) private returns (bool success) {
        bytes memory data = action.data;
        bytes memory result;
        if (action.target.code.length == 0) {
            result = abi.encodeWithSelector(NoCode.selector, action.target);
        } else {
            // A submitter who sends too little gas must not be able to make an action look as if it had failed.
            require(BoundedCall.canPassOn(action.gasLimit), NotEnoughGas(action.id, gasleft(), action.gasLimit));
            (success, result) = BoundedCall.tryCall(action.target, action.gasLimit, data, MAX_RESULT_BYTES);
        }
        emit ActionRelayed(action.id, success, result);
    }
}
