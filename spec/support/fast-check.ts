/**
 * fast-check, told to draw what is asked for: as it comes, a list, a string or an array with a
 * `maxLength` has ten elements at most, whatever that length is, unless a `size` is named, too.
 */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });

export { fc };
