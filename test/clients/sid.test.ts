import { describeSuite } from "./describe-suite.ts";

describeSuite("sid");
