// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IStandardAdapter} from "../interfaces/IStandardAdapter.sol";

/// @title AdapterVerifier
/// @notice The verifier of the batch that a StandardAdapter issues into: it signs while the adapter issues.
contract AdapterVerifier is IERC1271 {
    IStandardAdapter private immutable ADAPTER = IStandardAdapter(msg.sender);

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return ADAPTER.isIssuing() ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
