"""What can go wrong, in words that people read as they are.

MaskclsError
├── ImageError      a picture that cannot be read
├── VideoError      a video that cannot be read
├── ModelError      a model version that is missing, damaged or unfit
├── DatasetError    a folder or archive that is not a data set
├── RunError        a training that cannot be started, found or stopped
└── SettingsError   a setting that makes no sense here

Every message says what was wrong and what to do about it.
"""


class MaskclsError(Exception):
    """The root: catch this to catch everything that maskcls raises on purpose."""


class ImageError(MaskclsError):
    """A picture that cannot be read."""


class VideoError(MaskclsError):
    """A video that cannot be read."""


class ModelError(MaskclsError):
    """A model version that is missing, damaged or unfit."""


class DatasetError(MaskclsError):
    """A folder or archive that is not a data set."""


class RunError(MaskclsError):
    """A training that cannot be started, found or stopped."""


class SettingsError(MaskclsError):
    """A setting that makes no sense here."""
