"""What may be meant: completions of the word that is being typed, and near words where nothing was found.

OpenSearch's own suggesters ignore filters, and so would tell of what the viewer may not see. These are ordinary
searches that the viewer's filter holds for.
"""

from bucketdex.searching.suggesting.completing import suggest
from bucketdex.searching.suggesting.naming import better
from bucketdex.searching.suggesting.near import did_you_mean
from bucketdex.searching.suggesting.told import Suggestion, Suggestions

__all__ = ["Suggestion", "Suggestions", "better", "did_you_mean", "suggest"]
