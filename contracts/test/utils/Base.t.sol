// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {RecordAnchor} from "../../src/RecordAnchor.sol";
import {Relay} from "../../src/Relay.sol";
import {RetirementCertificate} from "../../src/RetirementCertificate.sol";
import {RoleManager} from "../../src/RoleManager.sol";
import {Roles} from "../../src/Roles.sol";
import {TestDollar} from "../../src/dev/TestDollar.sol";
import {
    BatchKg,
    BatchStatus,
    BatchTerms,
    CreditClass,
    Deficit,
    Issuance,
    Retirement,
    Reversal
} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {TypedData} from "./TypedData.sol";

/// @notice The world that every test starts from: all contracts deployed with their roles, a household that was issued
/// credits, a company with test dollars; and the defaults that tests change one field of.
abstract contract Base is Test {
    uint8 internal constant BUY = 0;
    uint8 internal constant SELL = 1;
    uint64 internal constant NOW = 1_767_225_600; // 2026-01-01
    uint64 internal constant YEAR_2025 = 1_735_689_600;
    uint256 internal constant DAILY_CAP_KG = 1_000_000;
    uint16 internal constant FEE_BPS = 100;
    uint16 internal constant FEE_CAP_BPS = 300;
    uint16 internal constant BUFFER_BPS = 1000;
    uint128 internal constant PRICE_PER_KG = 25_000; // 25 dollars a tonne

    RoleManager internal manager;
    CarbonCredit internal credit;
    CarbonMarket internal market;
    RecordAnchor internal anchor;
    Relay internal relay;
    RetirementCertificate internal certificate;
    TestDollar internal dollar;

    address internal admin = makeAddr("admin");
    address internal issuer = makeAddr("issuer");
    address internal guardian = makeAddr("guardian");
    address internal matcher = makeAddr("matcher");
    address internal anchorer = makeAddr("anchorer");
    address internal stranger = makeAddr("stranger");
    Vm.Wallet internal verifier = vm.createWallet("verifier");
    Vm.Wallet internal household = vm.createWallet("household");
    Vm.Wallet internal company = vm.createWallet("company");

    uint256 private _nextCreditCounter = 1;
    uint256 private _nextReversal = 1;

    function setUp() public virtual {
        vm.warp(NOW);
        manager = new RoleManager(admin);
        credit =
            new CarbonCredit("WIA Carbon Credit Micro", "WCCM", CreditClass.Micro, 2, DAILY_CAP_KG, address(manager));
        dollar = new TestDollar();
        market = new CarbonMarket(address(credit), address(dollar), FEE_BPS, FEE_CAP_BPS, address(manager));
        anchor = new RecordAnchor(address(manager));
        relay = new Relay();
        certificate = new RetirementCertificate(address(credit));

        vm.startPrank(admin);
        manager.setTargetFunctionRole(address(credit), _only(credit.issue.selector), Roles.ISSUER);
        manager.setTargetFunctionRole(address(credit), _only(credit.suspend.selector), Roles.GUARDIAN);
        manager.setTargetFunctionRole(address(credit), _only(credit.pause.selector), Roles.GUARDIAN);
        manager.setTargetFunctionRole(address(market), _only(market.pause.selector), Roles.GUARDIAN);
        manager.grantRole(Roles.ISSUER, issuer, 0);
        manager.grantRole(Roles.VERIFIER, verifier.addr, 0);
        manager.grantRole(Roles.GUARDIAN, guardian, 0);
        manager.grantRole(Roles.MATCHER, matcher, 0);
        manager.grantRole(Roles.ANCHOR, anchorer, 0);
        vm.stopPrank();
    }

    /* DEFAULTS */

    function defaultTerms() internal view returns (BatchTerms memory) {
        return BatchTerms({
            source: "energy_efficiency",
            vintageStart: YEAR_2025,
            vintageEnd: NOW,
            verifier: verifier.addr,
            level: 3,
            country: "US",
            closesAt: NOW + 365 days,
            bufferBps: BUFFER_BPS
        });
    }

    /// @dev Another batch: the same terms, the vintage `years_` later.
    function termsOfYear(uint64 years_) internal view returns (BatchTerms memory terms) {
        terms = defaultTerms();
        terms.vintageStart += years_ * 365 days;
        terms.vintageEnd += years_ * 365 days;
    }

    /// @dev One credit for one recipient, with the buffer that the terms ask for, as the batch's next issuance.
    function issuanceOf(BatchTerms memory terms, address recipient, uint256 kg) internal returns (Issuance memory it) {
        it.batchId = credit.batchIdOf(terms);
        it.index = credit.nextIndex(it.batchId);
        it.recordsRoot = keccak256("records");
        it.recipients = new address[](1);
        it.recipients[0] = recipient;
        it.kg = new uint256[](1);
        it.kg[0] = kg;
        it.creditIds = new uint256[](1);
        it.creditIds[0] = creditId(_nextCreditCounter++);
        it.bufferKg = bufferFor(kg, terms.bufferBps);
        it.deadline = block.timestamp + 1 days;
    }

    function defaultRetirement(uint256 kg) internal pure returns (Retirement memory) {
        return Retirement({
            kg: kg,
            batchIds: new bytes32[](0),
            earliestVintage: 0,
            commitment: keccak256("beneficiary"),
            reason: 1,
            period: 2025,
            nonce: keccak256("retirement")
        });
    }

    /// @dev The verifier's next reversal of that much, signed to the day.
    function defaultReversal(bytes32 batchId, uint256 kg) internal returns (Reversal memory) {
        return Reversal({
            verifier: verifier.addr,
            batchId: batchId,
            kg: kg,
            evidence: keccak256("evidence"),
            nonce: keccak256(abi.encode("reversal", _nextReversal++)),
            deadline: block.timestamp + 1 days
        });
    }

    function defaultOrder(address maker, uint8 side, uint128 kg) internal view returns (Order memory) {
        return Order({
            maker: maker,
            side: side,
            kg: kg,
            pricePerKg: PRICE_PER_KG,
            minFillKg: 1,
            filler: address(0),
            expiry: NOW + 7 days,
            counter: 0,
            salt: keccak256(abi.encode(maker, side)),
            maxFeeBps: FEE_CAP_BPS
        });
    }

    function creditId(uint256 counter) internal pure returns (uint256) {
        return (2025 << 40) | counter;
    }

    /// @dev The smallest buffer b with b >= (kg + b) x bps, by the definition.
    function bufferFor(uint256 kg, uint256 bps) internal pure returns (uint256 bufferKg) {
        bufferKg = kg * bps / (10_000 - bps);
        while (bufferKg * 10_000 < (kg + bufferKg) * bps) ++bufferKg;
    }

    /* ACTIONS */

    function issueTo(address recipient, uint256 kg) internal returns (bytes32 batchId) {
        return issueInto(defaultTerms(), recipient, kg);
    }

    function issueInto(BatchTerms memory terms, address recipient, uint256 kg) internal returns (bytes32 batchId) {
        Issuance memory it = issuanceOf(terms, recipient, kg);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.prank(issuer);
        credit.issue(terms, it, signature);
        return it.batchId;
    }

    function suspend(bytes32 batchId) internal {
        vm.prank(guardian);
        credit.suspend(batchId);
    }

    function reverse(bytes32 batchId, uint256 kg, bytes32[] memory coverBatchIds) internal {
        reverse(defaultReversal(batchId, kg), coverBatchIds);
    }

    function reverse(Reversal memory it, bytes32[] memory coverBatchIds) internal {
        bytes memory signature = signCredit(verifier, TypedData.reversal(it));
        vm.prank(admin);
        credit.reverse(it, coverBatchIds, signature);
    }

    function reinstate(bytes32 batchId) internal {
        vm.prank(admin);
        credit.reinstate(batchId);
    }

    /// @dev Gives an account dollars, and the market leave to move all it has.
    function fund(address account, uint256 dollars) internal {
        dollar.faucet(account, dollars * 1e6);
        vm.startPrank(account);
        dollar.approve(address(market), type(uint256).max);
        credit.approve(address(market), type(uint256).max);
        vm.stopPrank();
    }

    /* SIGNATURES */

    function creditDomain() internal view returns (bytes32) {
        return TypedData.domain("WIA Carbon Credit Micro", block.chainid, address(credit));
    }

    function marketDomain() internal view returns (bytes32) {
        return TypedData.domain("Carbon Credit Market", block.chainid, address(market));
    }

    function signCredit(Vm.Wallet memory wallet, bytes32 structHash) internal view returns (bytes memory) {
        return sign(wallet, creditDomain(), structHash);
    }

    function signMarket(Vm.Wallet memory wallet, bytes32 structHash) internal view returns (bytes memory) {
        return sign(wallet, marketDomain(), structHash);
    }

    function sign(Vm.Wallet memory wallet, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet.privateKey, TypedData.digest(domain, structHash));
        return abi.encodePacked(r, s, v);
    }

    function parts(bytes memory signature) internal pure returns (uint8 v, bytes32 r, bytes32 s) {
        v = uint8(signature[64]);
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
    }

    /// @dev The other signature over the same digest: s mirrored into the upper half of the curve's order.
    function malleate(bytes memory signature) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        return abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    /* ASSERTIONS */

    function assertBatchKg(bytes32 batchId, uint256 circulatingKg, uint256 bufferedKg, uint256 retiredKg)
        internal
        view
    {
        BatchKg memory it = credit.batchKg(batchId);
        assertEq(it.circulatingKg, circulatingKg, "circulating");
        assertEq(it.bufferedKg, bufferedKg, "buffered");
        assertEq(it.retiredKg, retiredKg, "retired");
        assertEq(it.issuedKg, circulatingKg + bufferedKg + retiredKg + it.cancelledKg, "issued");
    }

    function assertBatchKg(
        bytes32 batchId,
        uint256 circulatingKg,
        uint256 bufferedKg,
        uint256 retiredKg,
        uint256 cancelledKg,
        uint256 spentBufferKg
    ) internal view {
        assertBatchKg(batchId, circulatingKg, bufferedKg, retiredKg);
        BatchKg memory it = credit.batchKg(batchId);
        assertEq(it.cancelledKg, cancelledKg, "cancelled");
        assertEq(it.spentBufferKg, spentBufferKg, "spent buffer");
    }

    function assertDeficit(bytes32 batchId, uint256 circulatingKg, uint256 retiredKg) internal view {
        Deficit memory it = credit.deficitOf(batchId);
        assertEq(it.circulatingKg, circulatingKg, "circulating deficit");
        assertEq(it.retiredKg, retiredKg, "retired deficit");
    }

    /// @dev The eligible list is exactly this, in this order.
    function assertEligible(bytes32[] memory expected) internal view {
        (bytes32[] memory batchIds,) = credit.nextEligible(type(uint256).max);
        assertEq(batchIds, expected, "eligible");
    }

    /// @dev Invariants 1 and 2, where these are all the batches, and nobody but these holds credits.
    function assertSums(bytes32[] memory batchIds, address[] memory holders) internal view {
        (bytes32[] memory listed, uint256[] memory listedKg) = credit.nextEligible(type(uint256).max);
        BatchKg memory sum;
        uint256 eligible = 0;
        for (uint256 i = 0; i < batchIds.length; ++i) {
            BatchKg memory it = credit.batchKg(batchIds[i]);
            assertEq(it.issuedKg, it.circulatingKg + it.bufferedKg + it.retiredKg + it.cancelledKg, "1: issued");
            sum.circulatingKg += it.circulatingKg;
            sum.bufferedKg += it.bufferedKg;

            BatchStatus memory status = credit.batchStatus(batchIds[i]);
            bool isEligible = it.circulatingKg > 0 && !status.suspended && !status.reversed;
            if (isEligible) ++eligible;
            assertEq(_listedKg(listed, listedKg, batchIds[i]), isEligible ? it.circulatingKg : 0, "2: listed");
            assertLe(credit.deficitOf(batchIds[i]).circulatingKg, it.circulatingKg, "owes more than circulates");
            assertLe(credit.deficitOf(batchIds[i]).retiredKg, it.retiredKg, "owes more than was retired");
        }
        assertEq(listed.length, eligible, "2: eligible batches");
        assertEq(sum.circulatingKg + sum.bufferedKg, credit.totalSupply(), "1: supply");
        assertEq(sum.bufferedKg, credit.balanceOf(address(credit)), "1: buffer");
        assertEq(_sum(listedKg), credit.attributable(), "attributable");

        uint256 balances = credit.balanceOf(address(credit));
        for (uint256 i = 0; i < holders.length; ++i) {
            balances += credit.balanceOf(holders[i]);
        }
        assertEq(balances, credit.totalSupply(), "2: balances");
    }

    /// @dev The same, where the household, the company and the stranger are all holders.
    function assertSums(bytes32[] memory batchIds) internal view {
        address[] memory holders = new address[](3);
        (holders[0], holders[1], holders[2]) = (household.addr, company.addr, stranger);
        assertSums(batchIds, holders);
    }

    /* LISTS */

    function noBatches() internal pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    function listOf(bytes32 a) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = a;
    }

    function listOf(bytes32 a, bytes32 b) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (a, b);
    }

    function listOf(bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function listOf(uint256 a) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = a;
    }

    function listOf(uint256 a, uint256 b) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    /// @dev What the list holds for this batch; zero where it is not in it. Refuses a batch listed twice.
    function _listedKg(bytes32[] memory listed, uint256[] memory kgs, bytes32 batchId)
        private
        pure
        returns (uint256 kg)
    {
        for (uint256 i = 0; i < listed.length; ++i) {
            if (listed[i] != batchId) continue;
            assertEq(kg, 0, "2: listed twice");
            kg = kgs[i];
        }
    }

    function _sum(uint256[] memory kgs) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < kgs.length; ++i) {
            sum += kgs[i];
        }
    }

    function _only(bytes4 selector) internal pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = selector;
    }
}
