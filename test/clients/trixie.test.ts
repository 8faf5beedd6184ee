import { describeSuite } from "./describe-suite.ts";

describeSuite("trixie");
