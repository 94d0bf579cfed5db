// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {TestDollar} from "../../src/dev/TestDollar.sol";
import {BatchKg} from "../../src/interfaces/ICarbonCredit.sol";
import {Handler} from "./Handler.sol";

/// @notice The numbered invariants of docs/invariants.md that the chain alone can break, after any sequence of actions.
/// Invariant 5, and the nonces of invariant 3, are checked by the handler at each action.
contract InvariantsTest is Test {
    Handler private handler;
    CarbonCredit private credit;
    CarbonMarket private market;
    TestDollar private dollar;

    uint256 private _retiredKgSoFar;

    function setUp() external {
        handler = new Handler();
        (credit, market, dollar) = handler.world();

        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = handler.issue.selector;
        selectors[1] = handler.transfer.selector;
        selectors[2] = handler.retire.selector;
        selectors[3] = handler.place.selector;
        selectors[4] = handler.cancel.selector;
        selectors[5] = handler.cancelAll.selector;
        selectors[6] = handler.take.selector;
        selectors[7] = handler.cross.selector;
        selectors[8] = handler.fillMany.selector;
        selectors[9] = handler.setFee.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @notice 1. Per batch issued = circulating + buffered + retired; the sum of circulating + buffered is the supply;
    /// the token's own balance is the sum of buffered.
    function invariant_1_EveryKilogramIsInOnePlace() external view {
        BatchKg memory sum = _sum();
        assertEq(sum.issuedKg, handler.issuedKg());
        assertEq(sum.circulatingKg + sum.bufferedKg, credit.totalSupply());
        assertEq(sum.bufferedKg, credit.balanceOf(address(credit)));
        assertEq(sum.circulatingKg, credit.attributable());
    }

    /// @notice 2. The balances sum to the supply; the eligible list holds exactly the batches with circulating > 0.
    function invariant_2_BalancesAndListAreComplete() external view {
        uint256 balances = credit.balanceOf(address(credit)) + credit.balanceOf(address(market));
        address[] memory people = handler.people();
        for (uint256 i = 0; i < people.length; ++i) {
            balances += credit.balanceOf(people[i]);
        }
        assertEq(balances, credit.totalSupply());

        (bytes32[] memory eligible, uint256[] memory kgs) = credit.nextEligible(type(uint256).max);
        uint256 expected = 0;
        bytes32[] memory batchIds = handler.batchIds();
        for (uint256 i = 0; i < batchIds.length; ++i) {
            if (credit.batchKg(batchIds[i]).circulatingKg > 0) ++expected;
        }
        assertEq(eligible.length, expected);
        for (uint256 i = 0; i < eligible.length; ++i) {
            assertGt(kgs[i], 0);
            assertEq(kgs[i], credit.batchKg(eligible[i]).circulatingKg);
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(eligible[i] != eligible[j]);
            }
        }
    }

    /// @notice 3. Retired only grows; an order is filled at most to its kg.
    function invariant_3_NothingIsUsedTwice() external {
        uint256 retiredKg = _sum().retiredKg;
        assertEq(retiredKg, handler.retiredKg());
        assertGe(retiredKg, _retiredKgSoFar);
        _retiredKgSoFar = retiredKg;

        Handler.Placed[] memory placed = handler.placed();
        for (uint256 i = 0; i < placed.length; ++i) {
            assertLe(market.orderState(placed[i].ref).filledKg, placed[i].order.kg);
        }
    }

    /// @notice 4. Nobody owns more, or less, than they were issued, were given and traded for; the fees are the rest.
    function invariant_4_NobodyGainsFromNothing() external view {
        address[] memory people = handler.people();
        for (uint256 i = 0; i < people.length; ++i) {
            assertEq(int256(credit.balanceOf(people[i])), handler.owedKg(people[i]));
            assertEq(int256(dollar.balanceOf(people[i])), handler.owedTotal(people[i]));
        }
        assertEq(dollar.balanceOf(address(market)), market.accruedFees());
        assertEq(credit.balanceOf(address(market)), 0);
    }

    /// @notice The actions do reach trades, so that the invariants are tried on more than empty books.
    function test_TheHandlerTrades() external {
        handler.issue(0, 0, 100);
        handler.place(0, 1, 100, 0, 1);
        handler.fillMany(1, 0, 40);
        handler.take(2, 0, 30, 24_998); // the order asks for 24,995
        assertEq(handler.settledKg(), 70);
    }

    function _sum() private view returns (BatchKg memory sum) {
        bytes32[] memory batchIds = handler.batchIds();
        for (uint256 i = 0; i < batchIds.length; ++i) {
            BatchKg memory it = credit.batchKg(batchIds[i]);
            assertEq(it.issuedKg, it.circulatingKg + it.bufferedKg + it.retiredKg);
            sum.issuedKg += it.issuedKg;
            sum.circulatingKg += it.circulatingKg;
            sum.bufferedKg += it.bufferedKg;
            sum.retiredKg += it.retiredKg;
        }
    }
}
