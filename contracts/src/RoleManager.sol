// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title RoleManager
/// @notice OpenZeppelin's AccessManager, in which a longer delay holds at once and a shorter one only once the
/// difference has passed. Whoever deploys can so set a role's grant delay of 48 hours and hand over without days in
/// which it does not hold yet; and nobody can take it back in less than 48 hours.
contract RoleManager is AccessManager {
    /// @param admin Who holds role 0 at first.
    constructor(address admin) AccessManager(admin) {}

    /// @notice Zero: lengthening a delay needs no notice, and shortening it waits for the difference in any case.
    function minSetback() public pure override returns (uint32) {
        return 0;
    }
}
