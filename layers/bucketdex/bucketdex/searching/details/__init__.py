"""All that is known of one thing: an object and its versions, a package and its revisions, entries and folders."""

from bucketdex.searching.details.entries import EntryDetail, EntryList, entries_told
from bucketdex.searching.details.folders import File, Folder, Subfolder, folder_told
from bucketdex.searching.details.objects import ObjectDetail, object_told
from bucketdex.searching.details.packages import (
    PackageDetail,
    PackageList,
    Revision,
    RevisionList,
    package_told,
    packages_told,
    revisions_told,
)
from bucketdex.searching.details.versions import ObjectVersion, ObjectVersions, versions

__all__ = [
    "EntryDetail",
    "EntryList",
    "File",
    "Folder",
    "ObjectDetail",
    "ObjectVersion",
    "ObjectVersions",
    "PackageDetail",
    "PackageList",
    "Revision",
    "RevisionList",
    "Subfolder",
    "entries_told",
    "folder_told",
    "object_told",
    "package_told",
    "packages_told",
    "revisions_told",
    "versions",
]
