// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

import {ICarbonMarket} from "../../src/interfaces/ICarbonMarket.sol";
import {IRelay} from "../../src/interfaces/IRelay.sol";

/// @notice Foundry records what reverted inner calls had logged too, which no receipt holds. This drops it. A log that is
/// dropped or kept by mistake shows as a difference between the books and the views.
library Receipts {
    /// @notice The logs that receipts would hold.
    /// @param logs What Foundry recorded, of any number of calls that did not revert themselves.
    /// @param credit The token whose transfer ends every fill.
    function kept(Vm.Log[] memory logs, address credit) internal pure returns (Vm.Log[] memory some) {
        bool[] memory isUndone = new bool[](logs.length);
        uint256 relayedFrom = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == ICarbonMarket.FillSkipped.selector) {
                _undo(isUndone, _startOfFill(logs, i, credit), i);
            } else if (topic == IRelay.ActionRelayed.selector) {
                (bool success,) = abi.decode(logs[i].data, (bool, bytes));
                if (!success) _undo(isUndone, relayedFrom, i);
                relayedFrom = i + 1;
            }
        }
        uint256 count = 0;
        some = new Vm.Log[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (!isUndone[i]) some[count++] = logs[i];
        }
        assembly ("memory-safe") {
            mstore(some, count)
        }
    }

    /// @dev Where the logs of the fill begin that was undone before `skipped` told so; `skipped` where it had none. A
    /// taker who stood among the makers had none: what was logged under that ref is the taker's own.
    function _startOfFill(Vm.Log[] memory logs, uint256 skipped, address credit) private pure returns (uint256 start) {
        start = skipped;
        bytes memory reason = abi.decode(logs[skipped].data, (bytes));
        if (bytes4(reason) == ICarbonMarket.SelfTrade.selector) return start;
        for (uint256 i = skipped; i > 0; --i) {
            Vm.Log memory log = logs[i - 1];
            bytes32 topic = log.topics[0];
            if (topic == ICarbonMarket.OrderFilled.selector || topic == ICarbonMarket.OrderBound.selector) {
                if (log.topics[1] != logs[skipped].topics[1]) return start;
                start = i - 1;
            } else if (start < skipped || log.emitter == credit && topic == IERC20.Transfer.selector) {
                return start;
            } else if (topic != IERC20.Transfer.selector && topic != IERC20.Approval.selector) {
                return start;
            }
        }
    }

    function _undo(bool[] memory isUndone, uint256 from, uint256 to) private pure {
        for (uint256 i = from; i < to; ++i) {
            isUndone[i] = true;
        }
    }
}
