// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IERC20Authorizations} from "./IERC20Authorizations.sol";
import {IPausing} from "./IPausing.sol";

/// @notice Which credits a deployment holds: measured micro credits, or units immobilised in an outside registry.
enum CreditClass {
    Micro,
    Registry
}

/// @notice The immutable facts of a batch. Its id is the hash of all of them.
struct BatchTerms {
    /// @dev The credit source, short ASCII padded with zeros on the right, e.g. "renewable_energy".
    bytes32 source;
    /// @dev First second of the vintage, Unix time.
    uint64 vintageStart;
    /// @dev First second after the vintage, Unix time.
    uint64 vintageEnd;
    /// @dev The only account whose signature issues into this batch.
    address verifier;
    /// @dev Verification level: 1 automatic, 2 device, 3 third party, 4 audit. A self-reported claim (0) is never issued.
    uint8 level;
    /// @dev ISO 3166-1 alpha-2 country code, two upper-case ASCII letters.
    bytes2 country;
    /// @dev From this second on, Unix time, nothing more is issued into the batch.
    uint64 closesAt;
    /// @dev Share of everything issued that stays in the buffer, in hundredths of a percent.
    uint16 bufferBps;
}

/// @notice Where the kilograms of a batch are. `issuedKg = circulatingKg + bufferedKg + retiredKg + cancelledKg`.
struct BatchKg {
    /// @dev Ever issued into the batch, buffer included.
    uint256 issuedKg;
    /// @dev Held by anyone, free to trade and to retire.
    uint256 circulatingKg;
    /// @dev Held by the token contract itself against a reversal.
    uint256 bufferedKg;
    /// @dev Retired, for ever.
    uint256 retiredKg;
    /// @dev Burned without benefit to anyone, for ever: reversed, or given up to make good another batch's reversal.
    uint256 cancelledKg;
    /// @dev Left the buffer on a reversal, for good; no later issuance has to put it in again.
    uint256 spentBufferKg;
}

/// @notice Whether a batch may give to retirements. It is eligible when neither suspended nor reversed.
struct BatchStatus {
    /// @dev Set by a guardian, until it is lifted.
    bool suspended;
    /// @dev From this second on, Unix time, anyone may lift the suspension; zero if there never was one.
    uint256 suspendedUntil;
    /// @dev Set by a reversal, until the admin reinstates the batch.
    bool reversed;
}

/// @notice What a reversed batch still owes: kilograms that no buffer and nobody's credits have made good yet.
struct Deficit {
    /// @dev Of those still in circulation, which are not backed by anything.
    uint256 circulatingKg;
    /// @dev Of those that were retired.
    uint256 retiredKg;
}

/// @notice A reversal: `kg` of a batch turned out never to have been saved, or went back into the air.
/// @dev EIP-712 type: Reversal(address verifier,bytes32 batchId,uint256 kg,bytes32 evidence,bytes32 nonce,
/// uint256 deadline)
struct Reversal {
    /// @dev Who looked at the evidence and signed: any verifier of now.
    address verifier;
    /// @dev The batch.
    bytes32 batchId;
    /// @dev How much of it, in kg.
    uint256 kg;
    /// @dev Hash of the evidence.
    bytes32 evidence;
    /// @dev The verifier's nonce, used once, for ever.
    bytes32 nonce;
    /// @dev Last second at which the verifier's signature holds, Unix time.
    uint256 deadline;
}

/// @notice A retirement that was made: whose credits, and how much.
struct Retired {
    /// @dev Whose credits were retired; zero where no retirement has the name.
    address holder;
    /// @dev How much, in kg.
    uint96 kg;
}

/// @notice One issuance into a batch: what the verifier signs and the issuer submits.
/// @dev EIP-712 type: Issuance(bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,
/// uint256[] creditIds,uint256 bufferKg,uint256 deadline)
struct Issuance {
    /// @dev The batch issued into.
    bytes32 batchId;
    /// @dev Position of this issuance in its batch, from 0, without gaps.
    uint256 index;
    /// @dev Merkle root of the records that justify the credits.
    bytes32 recordsRoot;
    /// @dev Who receives each credit.
    address[] recipients;
    /// @dev Size of each credit net of the buffer, in kg.
    uint256[] kg;
    /// @dev Id of each credit: the year shifted left by 40 bits, plus the counter. Used once, for ever.
    uint256[] creditIds;
    /// @dev What goes to the buffer, in kg.
    uint256 bufferKg;
    /// @dev Last second at which the verifier's signature holds, Unix time.
    uint256 deadline;
}

/// @notice What a holder wants retired, and why.
struct Retirement {
    /// @dev How much to retire, in kg.
    uint256 kg;
    /// @dev The batches to retire from, in order of preference; empty takes the eligible batches, oldest listed first.
    bytes32[] batchIds;
    /// @dev Batches whose vintage starts before this second, Unix time, are not used. Zero accepts every vintage.
    uint64 earliestVintage;
    /// @dev Commitment to the beneficiary: hash of domain, chain id, contract, holder, nonce, 32 random bytes and name.
    bytes32 commitment;
    /// @dev Reason code, as the ledger's glossary lists them.
    uint16 reason;
    /// @dev The accounting period that the retirement counts for, as YYYY or YYYYMM; zero for none.
    uint32 period;
    /// @dev The author's nonce, used once, for ever.
    bytes32 nonce;
}

/// @title ICarbonCredit
/// @notice Carbon credits as an ERC-20 with 3 decimals, 1 unit = 1 kg CO2e, that keeps every kilogram attributable to
/// the batch it was issued in. Besides what is listed here: ERC-20, ERC-2612, ERC-3009, ERC-5267.
/// @dev Pausing stops issuing, and nothing else. The events rebuild all state: spending an allowance and using a
/// permit have events too.
/// @dev Warning: a transfer to the token contract itself reverts; its own balance is the buffer and nothing else.
/// @dev Assumption: kilograms in circulation are interchangeable. Only retiring attributes them to batches.
interface ICarbonCredit is IERC20Authorizations, IPausing, IERC165 {
    /* EVENTS */

    /// @notice A batch was issued into for the first time. It now exists, with these terms for ever.
    event BatchOpened(bytes32 indexed batchId, BatchTerms terms);

    /// @notice `kg` in all went to recipients and `bufferKg` to the buffer.
    /// @dev The credits of this issuance are the CreditMinted events that follow, up to the next CreditsIssued.
    event CreditsIssued(
        bytes32 indexed batchId,
        uint256 indexed index,
        address indexed issuer,
        bytes32 recordsRoot,
        uint256 kg,
        uint256 bufferKg
    );

    /// @notice One credit of `amount` kg was issued. `creditId` is its public text form, e.g. CRD-2025-000123.
    event CreditMinted(address indexed recipient, uint256 amount, string creditId);

    /// @notice `kg` of `holder` were retired for ever: `batchKg[i]` out of `batchIds[i]`.
    /// @dev `ref` names the retirement: keccak256(abi.encode(author, nonce)), the author being the holder, or the
    /// spender where an allowance was used.
    event CreditsRetired(
        bytes32 indexed ref,
        address indexed holder,
        uint256 kg,
        bytes32[] batchIds,
        uint256[] batchKg,
        uint16 reason,
        uint32 period,
        bytes32 commitment
    );

    /// @notice The batch left the eligible list. From the second `until` on, Unix time, anyone may let it back.
    event BatchSuspended(bytes32 indexed batchId, uint256 until);

    /// @notice The suspension was lifted. If it has anything in circulation, the batch is the last of the list again.
    event BatchUnsuspended(bytes32 indexed batchId);

    /// @notice `kg` of the batch were reversed, over which `verifier` signed. The batch left the eligible list.
    /// @dev `kg = bufferedKg + circulatingKg + retiredKg`. `bufferedKg` of the batch's own buffer were burned and are
    /// cancelled; the rest adds to its deficit.
    event BatchReversed(
        bytes32 indexed batchId,
        address indexed verifier,
        bytes32 evidence,
        uint256 bufferedKg,
        uint256 circulatingKg,
        uint256 retiredKg
    );

    /// @notice The buffer of `coverBatchId` made good what `batchId` owed; as much of it was burned.
    /// @dev For `circulatingKg`, the reversed batch's circulating kilograms are cancelled and the other's buffered ones
    /// circulate in their stead. For `retiredKg`, the other's buffered ones are cancelled.
    event DeficitCovered(
        bytes32 indexed batchId, bytes32 indexed coverBatchId, uint256 circulatingKg, uint256 retiredKg
    );

    /// @notice `account` burned own credits to make good what `batchId` owed.
    /// @dev For `circulatingKg`, the reversed batch's circulating kilograms are cancelled. For the rest, `batchKg[i]`
    /// out of `batchIds[i]` are.
    event DeficitReplaced(
        bytes32 indexed batchId, address indexed account, uint256 circulatingKg, bytes32[] batchIds, uint256[] batchKg
    );

    /// @notice The batch owes nothing any more and is eligible again; if it has anything in circulation, it is the last
    /// of the list.
    event BatchReinstated(bytes32 indexed batchId);

    /// @notice What an issuer may issue per UTC day changed.
    event DailyIssueCapChanged(uint256 kg);

    /// @notice An ERC-2612 permit was used; `nonce` was the owner's before.
    event PermitUsed(address indexed owner, uint256 nonce);

    /* ERRORS */

    /// @notice The deployment asks for self-reported credits, or for a level that does not exist.
    error InvalidLevel(uint8 level);

    /// @notice The batch's verification level is below what this token accepts.
    error LevelTooLow(uint8 level, uint8 lowestLevel);

    /// @notice The batch's terms are not well formed: `field` names the first offending one.
    error InvalidTerms(string field);

    /// @notice The issuance names a batch other than the one its terms hash to.
    error BatchMismatch(bytes32 batchId, bytes32 termsId);

    /// @notice The batch takes no more issuances.
    error BatchClosed(bytes32 batchId, uint256 closesAt);

    /// @notice The batch was never issued into.
    error UnknownBatch(bytes32 batchId);

    /// @notice The issuance is not the batch's next one.
    error IndexMismatch(bytes32 batchId, uint256 index, uint256 nextIndex);

    /// @notice The verifier's signature is too old.
    error IssuanceExpired(uint256 deadline);

    /// @notice Recipients, kilograms and credit ids are not of one length, or there is none.
    error LengthMismatch(uint256 recipients, uint256 kg, uint256 creditIds);

    /// @notice The batch's signer is not a verifier now.
    error NotVerifier(address account);

    /// @notice The batch's signer is also an issuer: nobody verifies what they issue.
    error VerifierIsIssuer(address account);

    /// @notice The signature is not the verifier's over exactly this issuance or reversal.
    error InvalidVerifierSignature(address verifier);

    /// @notice A credit, a retirement, a reversal or a replacement of nothing.
    error ZeroKg();

    /// @notice A credit id whose year has not four digits.
    error InvalidCreditId(uint256 creditId);

    /// @notice The credit id was issued before.
    error CreditIdUsed(uint256 creditId);

    /// @notice The batch's buffer would fall short of its share.
    error BufferTooSmall(bytes32 batchId, uint256 bufferedKg, uint256 requiredKg);

    /// @notice The issuer would exceed the cap of the UTC day.
    error DailyIssueCapExceeded(address issuer, uint256 kg, uint256 leftKg);

    /// @notice The batches looked at can give only `attributableKg` of the `kg` asked for.
    error NotAttributable(uint256 kg, uint256 attributableKg);

    /// @notice The signature is not the holder's over exactly this retirement.
    error InvalidHolderSignature(address holder);

    /// @notice The batch is suspended or reversed: nothing is issued into it.
    error BatchIsWithheld(bytes32 batchId);

    /// @notice The batch is suspended already.
    error BatchIsSuspended(bytes32 batchId, uint256 until);

    /// @notice The batch is not suspended.
    error BatchIsNotSuspended(bytes32 batchId);

    /// @notice The batch was suspended not long ago; it can be again from the second `from` on, Unix time.
    error SuspensionTooSoon(bytes32 batchId, uint256 from);

    /// @notice The batch is reversed: suspending adds nothing to that.
    error BatchIsReversed(bytes32 batchId);

    /// @notice The batch is not reversed.
    error BatchIsNotReversed(bytes32 batchId);

    /// @notice The verifier's signature over the reversal is too old.
    error ReversalExpired(uint256 deadline);

    /// @notice Only `reversibleKg` of the batch were neither reversed nor cancelled before.
    error ReversalTooLarge(bytes32 batchId, uint256 kg, uint256 reversibleKg);

    /// @notice The batch owes less than that.
    error ReplacementTooLarge(bytes32 batchId, uint256 kg, uint256 deficitKg);

    /// @notice The batch owes nothing.
    error NoDeficit(bytes32 batchId);

    /// @notice The batch still owes `deficitKg`; cover or replace them first.
    error DeficitRemains(bytes32 batchId, uint256 deficitKg);

    /* ISSUE */

    /// @notice Issues credits into a batch, opening the batch if this is its first issuance. Issuers only, and not
    /// while paused. What must stay in the buffer is rounded up to the whole kg.
    /// @dev Reverts unless terms and issuance are well formed, in time and the batch's next ones, the batch is neither
    /// suspended nor reversed, the signer is a verifier and no issuer, every credit id is new, the buffer holds its
    /// share and the issuer's cap of the day is not exceeded. A buffer that was spent on a reversal counts as put in.
    /// @param terms The batch's terms, repeated at every issuance.
    /// @param issuance What to issue.
    /// @param verifierSignature `terms.verifier`'s EIP-712 signature over `issuance` (65 bytes, or ERC-1271).
    function issue(BatchTerms calldata terms, Issuance calldata issuance, bytes calldata verifierSignature) external;

    /// @notice Sets what each issuer may issue per UTC day, buffer included. Admin only.
    /// @param kg The new cap, in kg.
    function setDailyIssueCap(uint256 kg) external;

    /* RETIRE */

    /// @notice Retires credits of the caller. Never pausable.
    /// @dev Draws on circulating kilograms of batches that are neither suspended nor reversed; reverts with
    /// NotAttributable where these don't suffice, and with ERC3009UsedAuthorization where the nonce is used.
    /// @param retirement What to retire and why.
    /// @param maxBatches How many eligible batches may be looked at; bounds the gas. Unused where batches are named.
    /// @return ref The retirement's name.
    function retire(Retirement calldata retirement, uint256 maxBatches) external returns (bytes32 ref);

    /// @notice Retires credits of `holder` out of the caller's allowance. The nonce is the caller's.
    /// @param holder Whose credits are retired.
    /// @param retirement What to retire and why.
    /// @param maxBatches As in `retire`.
    /// @return ref The retirement's name.
    function retireFrom(address holder, Retirement calldata retirement, uint256 maxBatches)
        external
        returns (bytes32 ref);

    /// @notice Retires credits of `holder`, who signed for it. Anyone may submit the signature, once.
    /// @dev EIP-712 type: RetireWithAuthorization(address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,
    /// bytes32 commitment,uint16 reason,uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce)
    /// @param holder Whose credits are retired.
    /// @param retirement What to retire and why.
    /// @param validAfter The signature holds after this second, Unix time.
    /// @param validBefore The signature holds before this second, Unix time.
    /// @param maxBatches As in `retire`; the submitter's choice, not signed.
    /// @param signature The holder's EIP-712 signature (65 bytes, or ERC-1271).
    /// @return ref The retirement's name.
    function retireWithAuthorization(
        address holder,
        Retirement calldata retirement,
        uint256 validAfter,
        uint256 validBefore,
        uint256 maxBatches,
        bytes calldata signature
    ) external returns (bytes32 ref);

    /* SUSPEND */

    /// @notice Takes a batch out of the eligible list while a doubt about it is looked into. Guardian only. It lasts
    /// until it is lifted, or a reversal follows, and can't be repeated within 30 days of its end.
    /// @param batchId The batch.
    function suspend(bytes32 batchId) external;

    /// @notice Lifts a suspension. The admin at any time, anyone after 30 days.
    /// @param batchId The batch.
    function unsuspend(bytes32 batchId) external;

    /* REVERSE */

    /// @notice Takes kilograms of a batch back: first out of its own buffer, then out of the buffers of other batches
    /// for what circulates, then likewise for what was retired. What these can't give becomes the batch's deficit.
    /// Retirements stay retired, and nobody's balance changes. Admin only, with a verifier's signature.
    /// @dev Reverts unless the batch has that much left to reverse. The batch is withheld until it is reinstated.
    /// @param reversal What to reverse, and on what evidence.
    /// @param coverBatchIds Whose buffers to draw on, in this order; those suspended, reversed or empty are passed over.
    /// @param verifierSignature `reversal.verifier`'s EIP-712 signature over `reversal` (65 bytes, or ERC-1271).
    function reverse(Reversal calldata reversal, bytes32[] calldata coverBatchIds, bytes calldata verifierSignature)
        external;

    /// @notice Covers a deficit out of other batches' buffers. Anyone may: that is what the buffers are for.
    /// @param batchId The batch that owes.
    /// @param coverBatchIds As in `reverse`.
    /// @return kg How much was covered; zero where none of the batches could give anything.
    function cover(bytes32 batchId, bytes32[] calldata coverBatchIds) external returns (uint256 kg);

    /// @notice Makes a deficit good by burning credits of the caller: first for what circulates, then for what was
    /// retired, which is attributed to eligible batches as a retirement is.
    /// @param batchId The batch that owes.
    /// @param kg How much, at most the deficit.
    /// @param maxBatches As in `retire`.
    function replace(bytes32 batchId, uint256 kg, uint256 maxBatches) external;

    /// @notice Makes a reversed batch eligible again. Admin only, and not before it owes nothing.
    /// @param batchId The batch.
    function reinstate(bytes32 batchId) external;

    /* VIEWS */

    /// @notice Which credits this deployment holds.
    function creditClass() external view returns (CreditClass);

    /// @notice The lowest verification level that this token accepts.
    function lowestLevel() external view returns (uint8);

    /// @notice What each issuer may issue per UTC day, buffer included, in kg.
    function dailyIssueCapKg() external view returns (uint256);

    /// @notice What `issuer` has issued in the current UTC day, buffer included, in kg.
    function issuedTodayKg(address issuer) external view returns (uint256);

    /// @notice The id of a batch: keccak256(abi.encode(terms)).
    function batchIdOf(BatchTerms calldata terms) external pure returns (bytes32);

    /// @notice Where the batch's kilograms are; all zero for an unknown batch.
    function batchKg(bytes32 batchId) external view returns (BatchKg memory);

    /// @notice Whether the batch may give to retirements.
    function batchStatus(bytes32 batchId) external view returns (BatchStatus memory);

    /// @notice What the batch owes after a reversal.
    function deficitOf(bytes32 batchId) external view returns (Deficit memory);

    /// @notice The retirement named `ref`; all zero where there is none.
    function retirementOf(bytes32 ref) external view returns (Retired memory);

    /// @notice The index that the batch's next issuance must carry.
    function nextIndex(bytes32 batchId) external view returns (uint256);

    /// @notice Whether the credit id was issued.
    function isCreditIdUsed(uint256 creditId) external view returns (bool);

    /// @notice The public text form of a credit id, e.g. CRD-2025-000123.
    function creditIdText(uint256 creditId) external pure returns (string memory);

    /// @notice The batches that the next retirement without named batches draws from, in that order.
    /// @param n How many to list at most.
    /// @return batchIds The batches.
    /// @return circulatingKg What each can give, in kg.
    function nextEligible(uint256 n) external view returns (bytes32[] memory batchIds, uint256[] memory circulatingKg);

    /// @notice What all eligible batches together can give to retirements, in kg.
    function attributable() external view returns (uint256 kg);

    /// @notice The name of a retirement: keccak256(abi.encode(author, nonce)).
    function refOf(address author, bytes32 nonce) external pure returns (bytes32);
}
