// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One signed action to submit.
struct Action {
    /// @dev The contract to call.
    address target;
    /// @dev The call's data, selector included.
    bytes data;
    /// @dev How much gas the call may use.
    uint256 gasLimit;
    /// @dev The submitter's name for the action, repeated in the event.
    bytes32 id;
}

/// @title IRelay
/// @notice Submits many signed actions in one transaction. A failing action harms none of the others.
/// @dev Stateless and open to anyone: it adds no authority, every action carries its own signature.
/// @dev Warning: never give the relay credits, coins, an allowance or a role; anyone could use them.
/// @dev Warning: `id` is the caller's word. Whoever mirrors outcomes reads the target's own events.
interface IRelay {
    /// @notice The action was tried. `result` is what it returned, or the encoded error, cut at 256 bytes.
    event ActionRelayed(bytes32 indexed id, bool success, bytes result);

    /// @notice Too little gas is left to give the action its full share; send the transaction with more.
    error NotEnoughGas(bytes32 id, uint256 gasLeft, uint256 gasNeeded);

    /// @notice The target holds no code, so that calling it would do nothing. Reported as an action's result.
    error NoCode(address target);

    /// @notice Tries each action in order.
    /// @param actions What to submit.
    /// @return successes Which of them succeeded.
    function relay(Action[] calldata actions) external returns (bool[] memory successes);
}
