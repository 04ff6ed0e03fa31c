"""What hovering over a word of the rule language says."""

VERBS = {
    "viewed": "Looked at a product, a list or an article; a category counts all that is in it.",
    "bought": "Ordered.",
    "added-to-cart": "Put into the cart.",
    "searched": "Searched for these words.",
    "shown": "Was shown this fragment.",
    "clicked": "Clicked on a link in this fragment.",
    "dismissed": "Closed this fragment.",
    "read": "Read an article.",
}
DIMENSIONS = {
    "product": "One product of the catalogue, by its id.",
    "category": "A category, by its id or title; those below it count too.",
    "brand": "A brand of the catalogue.",
    "tag": "A tag of the catalogue.",
    "article": "One article, by its id.",
    "fragment": "A fragment of this site.",
    "query": "The words that were searched for.",
}
COUNTS = {
    "at-least": "So often or more; without it, once.",
    "at-most": "So often or less, also never.",
    "within": "Today and the days before; without it, as long as the shop keeps events. "
    "Below one day only once can be asked.",
    "as": "A name for what was found, for `$name` in later conditions and in `with`.",
}
GROUPS = {
    "any": "One of these conditions holds, or more.",
    "all": "All of these conditions hold.",
    "none": "None of these conditions holds; what is unknown shows nothing.",
}
OPERATORS = {
    "is": "Exactly this.",
    "is-not": "Known, and something else.",
    "is-one-of": "One of these.",
    "is-none-of": "Known, and none of these.",
    "starts-with": "Begins with this text.",
    "contains": "Has this text in it.",
    "at-least": "This or more.",
    "more-than": "More than this.",
    "at-most": "This or less.",
    "less-than": "Less than this.",
    "before": "Before this day or time.",
    "after": "After this day or time.",
    "within-last": "Not longer ago than this.",
    "within-next": "In the future, but not further away than this.",
    "older-than": "Longer ago than this.",
    "has": "This is in the list.",
    "has-any": "One of these is in the list, or more.",
    "has-all": "All of these are in the list.",
    "has-none": "None of these is in the list.",
    "known": "Whether there is a value at all.",
}
PURPOSES = {
    "personalization": "What is remembered may decide what is shown.",
    "statistics": "What happens may be counted in reports.",
}
ORIGINS = {
    "app": "set by the shop's code",
    "preference": "told by the visitor",
    "header": "from a header of the request",
    "query": "from the address of the page",
    "cookie": "from a cookie",
    "source": "from another system",
}
UNITS = {
    "visitor": "Each visitor id is dealt with by itself.",
    "customer": "Each customer; who is not logged in takes no part.",
    "account": "All who buy for one account see the same; who buys for none goes by the "
    "customer, who is not logged in by the visitor.",
}
LEVELS = {
    "none": "The default content, counted like a variant.",
    "segment": "The same for all who get it: no names, nothing of their own history.",
    "individual": "Whatever is known about the visitor.",
}
