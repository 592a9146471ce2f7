/** How the classes of browsers say that a URL or a subprotocol is none. */
import { UsageError } from '../base/index.ts';

/**
 * Makes a plan.
 *
 * @throws DOMException `SyntaxError` for what `make` calls an `invalid-argument`, and otherwise
 *   what it throws.
 */
export function orSyntaxError<Plan>(make: () => Plan): Plan {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'invalid-argument') throw error;
    throw new DOMException(error.message, 'SyntaxError');
  }
}
