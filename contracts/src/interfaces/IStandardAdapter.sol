// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IStandardAdapter
/// @notice The functions that the standard's client snippets call, with their units: tonnes x 10^18, and ether that
/// stands for dollars. For development chains; wallets and markets elsewhere use CarbonCredit and CarbonMarket.
/// @dev The adapter issues into one batch, whose verifier is a contract of its own that signs whatever the adapter
/// issues. To work it needs the issuer role, and its verifier the verifier role: see `verifier`.
/// @dev Warning: nothing is measured and nobody verifies here. That is why it can't exist on other chains.
interface IStandardAdapter {
    /* EVENTS */

    /// @notice `buyer` bought `kg` for `value` wei.
    event CreditsPurchased(address indexed buyer, uint256 kg, uint256 value);

    /// @notice The price of a tonne changed, in millionths of a dollar.
    event PriceChanged(uint256 pricePerTonne);

    /* ERRORS */

    /// @notice The amount is not a whole number of kilograms, or zero: it must be a multiple of 10^15.
    error NotWholeKg(uint256 amount);

    /// @notice The text is no credit id in the form CRD-2025-000123.
    error InvalidCreditIdText(string creditId);

    /// @notice The purchase costs `expected` wei exactly.
    error WrongValue(uint256 value, uint256 expected);

    /// @notice The adapter holds only `heldKg`; mint some to its address first.
    error OutOfStock(uint256 kg, uint256 heldKg);

    /// @notice The ether could not be sent to the account.
    error WithdrawalFailed(address to, uint256 value);

    /* MINT AND PURCHASE */

    /// @notice Issues one credit. Restricted: the admin, or who was given the function's role.
    /// @param recipient Who receives it; the adapter's own address makes it the stock that `purchaseCredits` sells.
    /// @param amount Its size in tonnes x 10^18; whole kilograms only.
    /// @param creditId Its id as text, e.g. CRD-2025-000123.
    function mint(address recipient, uint256 amount, string calldata creditId) external;

    /// @notice Buys credits out of the adapter's stock, at the adapter's price.
    /// @dev The value is ceil(amount x pricePerTonne / 10^18) wei: the price in millionths of a dollar, paid in wei.
    /// @param amount How much, in tonnes x 10^18; whole kilograms only.
    function purchaseCredits(uint256 amount) external payable;

    /// @notice Sets the price of a tonne, in millionths of a dollar. Restricted: the admin.
    function setPricePerTonne(uint256 newPricePerTonne) external;

    /// @notice Sends the ether that purchases brought to `to`. Restricted: the admin.
    function withdraw(address payable to) external;

    /* VIEWS */

    /// @notice The credit.
    function credit() external view returns (address);

    /// @notice The batch that `mint` issues into.
    function batchId() external view returns (bytes32);

    /// @notice The contract that verifies what the adapter issues.
    function verifier() external view returns (address);

    /// @notice Whether the adapter is issuing right now: the only time at which its verifier signs.
    function isIssuing() external view returns (bool);

    /// @notice The price of a tonne, in millionths of a dollar.
    function pricePerTonne() external view returns (uint256);
}
